"""Whether a load balancer lets only trusted clients in: declared by people, checked by workers."""
