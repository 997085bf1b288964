"""The screens of the application; each style sheet lies beside its screen."""
