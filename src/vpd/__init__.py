"""Fine-grained understanding of sports video from few labels, by video pose distillation."""
