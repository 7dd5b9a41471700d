"""A whole run at a glance: attention, gradients, the residual stream, what each layer would say."""
