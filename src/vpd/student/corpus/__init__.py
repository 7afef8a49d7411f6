"""What a student learns from: crops, flow and the teacher's targets."""
