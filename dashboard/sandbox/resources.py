"""The built-in resource types, as discovery of Kubernetes 1.36 lists them.

One line a type: plural, kind, `ns` or `-` (scope), singular, short names, categories, verbs (`*` = all
eight), subresources (`status`, `scale` with the usual three verbs; others as `name:Kind:group:verbs`).
Order is the server's own. Aggregated discovery orders groups as they stand here.
"""

TABLE = """\
## v1
bindings Binding ns binding - - create -
componentstatuses ComponentStatus - componentstatus cs - get|list -
configmaps ConfigMap ns configmap cm - * -
endpoints Endpoints ns endpoints ep - * -
events Event ns event ev - * -
limitranges LimitRange ns limitrange limits - * -
namespaces Namespace - namespace ns - create|delete|get|list|patch|update|watch finalize:Namespace::update,status
nodes Node - node no - * status
persistentvolumeclaims PersistentVolumeClaim ns persistentvolumeclaim pvc - * status
persistentvolumes PersistentVolume - persistentvolume pv - * status
pods Pod ns pod po all * binding:Binding::create,eviction:Eviction:policy:create,log:Pod::get,status
podtemplates PodTemplate ns podtemplate - - * -
replicationcontrollers ReplicationController ns replicationcontroller rc all * scale,status
resourcequotas ResourceQuota ns resourcequota quota - * status
secrets Secret ns secret - - * -
serviceaccounts ServiceAccount ns serviceaccount sa - * -
services Service ns service svc all * status
## apiregistration.k8s.io/v1
apiservices APIService - apiservice - api-extensions * status
## apps/v1
controllerrevisions ControllerRevision ns controllerrevision - - * -
daemonsets DaemonSet ns daemonset ds all * status
deployments Deployment ns deployment deploy all * scale,status
replicasets ReplicaSet ns replicaset rs all * scale,status
statefulsets StatefulSet ns statefulset sts all * scale,status
## events.k8s.io/v1
events Event ns event ev - * -
## authentication.k8s.io/v1
selfsubjectreviews SelfSubjectReview - selfsubjectreview - - create -
## authorization.k8s.io/v1
localsubjectaccessreviews LocalSubjectAccessReview ns localsubjectaccessreview - - create -
selfsubjectaccessreviews SelfSubjectAccessReview - selfsubjectaccessreview - - create -
selfsubjectrulesreviews SelfSubjectRulesReview - selfsubjectrulesreview - - create -
subjectaccessreviews SubjectAccessReview - subjectaccessreview - - create -
## autoscaling/v2
horizontalpodautoscalers HorizontalPodAutoscaler ns horizontalpodautoscaler hpa all * status
## autoscaling/v1
horizontalpodautoscalers HorizontalPodAutoscaler ns horizontalpodautoscaler hpa all * status
## batch/v1
cronjobs CronJob ns cronjob cj all * status
jobs Job ns job - all * status
## networking.k8s.io/v1
ingressclasses IngressClass - ingressclass - - * -
ingresses Ingress ns ingress ing - * status
networkpolicies NetworkPolicy ns networkpolicy netpol - * -
## policy/v1
poddisruptionbudgets PodDisruptionBudget ns poddisruptionbudget pdb - * status
## rbac.authorization.k8s.io/v1
clusterrolebindings ClusterRoleBinding - clusterrolebinding - - * -
clusterroles ClusterRole - clusterrole - - * -
rolebindings RoleBinding ns rolebinding - - * -
roles Role ns role - - * -
## storage.k8s.io/v1
csidrivers CSIDriver - csidriver - - * -
csinodes CSINode - csinode - - * -
csistoragecapacities CSIStorageCapacity ns csistoragecapacity - - * -
storageclasses StorageClass - storageclass sc - * -
volumeattachments VolumeAttachment - volumeattachment - - * status
## admissionregistration.k8s.io/v1
mutatingwebhookconfigurations MutatingWebhookConfiguration - mutatingwebhookconfiguration - api-extensions * -
validatingwebhookconfigurations ValidatingWebhookConfiguration - validatingwebhookconfiguration - api-extensions * -
## apiextensions.k8s.io/v1
customresourcedefinitions CustomResourceDefinition - customresourcedefinition crd,crds api-extensions * status
## scheduling.k8s.io/v1
priorityclasses PriorityClass - priorityclass pc - * -
## coordination.k8s.io/v1
leases Lease ns lease - - * -
## node.k8s.io/v1
runtimeclasses RuntimeClass - runtimeclass - - * -
## discovery.k8s.io/v1
endpointslices EndpointSlice ns endpointslice - - * -
## metrics.k8s.io/v1beta1
nodes NodeMetrics - - - - get|list -
pods PodMetrics ns - - - get|list -
"""
