"""The Bank of Kaohsiung: mandates that citizens grant on the bank's own page, debits and refunds against them."""
