"""What the machine is doing: samples of processor and memory."""
