"""The HorizontalPodAutoscaler loop: replicas chosen from how busy the Pods are.

Imitates `pkg/controller/podautoscaler` of kube-controller-manager 1.36 on CPU utilisation: tolerance, stabilisation,
scaling policies, limits, and what it says when there are no metrics. The load is a knob:
the annotation `sandbox.reconcilerviz/cpu-load` on the scaled workload, in millicores for all of its Pods together.
"""
