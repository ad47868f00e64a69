"""`python -m api` is the command `mykaohsiung`."""

from api.cli import main

main()
