"""What `tfstep doctor` looks at: the terminal, the versions, the files."""
