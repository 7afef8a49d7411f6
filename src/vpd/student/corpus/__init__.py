"""Training data of a student: crops, flow and the teacher's targets."""
