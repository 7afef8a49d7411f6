"""Fine-tuning MoveNet on synthetic athletes: a development tool that needs torch alone once baked."""
