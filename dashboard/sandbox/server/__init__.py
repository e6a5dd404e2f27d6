"""The API over HTTP: what kube-apiserver answers, from the same API layer that the controllers use."""
