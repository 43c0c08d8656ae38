"""The ways out: one wing a channel, each with its own wire protocol and its sandbox twin beside the real one."""
