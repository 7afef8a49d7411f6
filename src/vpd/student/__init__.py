"""The student: network, data, augmentation, distillation, embedding."""
