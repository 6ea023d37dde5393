"""``python -m montecarlo_ai``: the command."""

import sys

from montecarlo_ai.cli import main

sys.exit(main())
