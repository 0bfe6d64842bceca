//! `.github/overlift.yaml` and the process's own settings, as checked values.
