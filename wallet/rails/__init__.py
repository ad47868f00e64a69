"""The rails a bill can be paid by, behind one contract: `contract.Rail`. Which there are is plugged in at start."""
