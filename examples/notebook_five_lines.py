"""The preset in five lines, as in a notebook."""

import montecarlo_ai as mc

scenario = mc.load_scenario("openai-2025-12")
ensemble = mc.simulate(scenario, n_paths=100_000, seed=7)
chips = mc.runs_out_of_chips(ensemble)
mc.plot.fan(ensemble, "cash")
mc.plot.chips(chips)
