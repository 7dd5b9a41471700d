"""A recorded run as one HTML file, which is stepped and asked without a server or a network."""
