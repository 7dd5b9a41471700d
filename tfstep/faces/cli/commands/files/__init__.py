"""Commands about files: what ships, a file to start from, what is wrong with one."""
