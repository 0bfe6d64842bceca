{{- define "overlift.name" -}}
{{- if contains "overlift" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-overlift" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "overlift.selector" -}}
app.kubernetes.io/name: overlift
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "overlift.labels" -}}
{{ include "overlift.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "overlift.check" -}}
{{- if and (eq .Values.database.kind "sqlite") (gt (int .Values.replicaCount) 1) -}}
{{- fail "several replicas share a PostgreSQL: set database.kind to postgres" -}}
{{- end -}}
{{- if not .Values.github.appId -}}
{{- fail "github.appId is the id of the GitHub App: docs/github-app.md says how to make one" -}}
{{- end -}}
{{- end -}}
