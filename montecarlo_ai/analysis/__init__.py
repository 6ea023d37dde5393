"""What is asked of a run afterwards: backtest, exposure, corridor, one path's cash, others' figures, the register."""
