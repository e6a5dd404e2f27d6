"""The PersistentVolume loop: claims bound to volumes made for them, or the reason why they wait.

Imitates `pkg/controller/volume/persistentvolume` of kube-controller-manager 1.36 together with an external provisioner
that always succeeds for a StorageClass that exists.
"""
