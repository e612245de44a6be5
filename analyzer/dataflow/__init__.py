"""Values and flow: what reaches an argument, what a body can do, where an object goes. Nothing here yet."""
