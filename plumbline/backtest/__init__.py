"""The backtest: past nights replayed with what was known then, and judged by what came."""
