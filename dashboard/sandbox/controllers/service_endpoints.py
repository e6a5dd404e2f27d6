"""The EndpointSlice loop: which Pods stand behind a Service, and which of them are ready.

Imitates `pkg/controller/endpointslice` of kube-controller-manager 1.36, and leaves out topology hints and dual stack.
"""
