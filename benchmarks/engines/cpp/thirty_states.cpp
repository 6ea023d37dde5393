// The thirty-state job by hand; a block of 64 paths and its normals stay in the first cache.

#include "paths.hpp"

constexpr int lanes = 64, shocks = 8, markets = 6, levels = 2, memories = 3;

// Drifts and scales are per step, the other rates per year.
struct Parameters {
    double dt, cash, drift[markets], scale[markets], weight[markets];
    double rate1, rate2, rate3, pull, scatter, pace, memory_weight, cost;
};

struct alignas(64) State {
    double driver[markets][lanes], first[markets][lanes], second[markets][lanes], third[markets][lanes];
    double level[levels][lanes], memory[memories][lanes], cash[lanes];
};

static void move(const Parameters &p, const Normals<shocks, lanes> &normals, int turn, State &s) {
    alignas(64) double sales[lanes];
    for (int lane = 0; lane < lanes; ++lane) sales[lane] = -p.cost;
    for (int i = 0; i < markets; ++i) {
        const double *z = normals.of[i][turn];
        double *driver = s.driver[i], *first = s.first[i], *second = s.second[i], *third = s.third[i];
#pragma GCC ivdep
        for (int lane = 0; lane < lanes; ++lane) {
            driver[lane] *= exponential(p.drift[i] + p.scale[i] * z[lane]);
            third[lane] += (p.rate2 * second[lane] - p.rate3 * third[lane]) * p.dt;
            second[lane] += (p.rate1 * first[lane] - p.rate2 * second[lane]) * p.dt;
            first[lane] += (driver[lane] - p.rate1 * first[lane]) * p.dt;
            sales[lane] += p.weight[i] * third[lane];
        }
    }
    for (int i = 0; i < levels; ++i) {
        const double *z = normals.of[markets + i][turn];
#pragma GCC ivdep
        for (int lane = 0; lane < lanes; ++lane) {
            s.level[i][lane] += p.scatter * z[lane] - p.pull * p.dt * s.level[i][lane];
            sales[lane] += s.level[i][lane];
        }
    }
    for (int i = 0; i < memories; ++i) {
#pragma GCC ivdep
        for (int lane = 0; lane < lanes; ++lane) {
            const double target = logarithm(s.driver[i][lane] * s.driver[i + memories][lane]);
            s.memory[i][lane] += p.pace * p.dt * (target - s.memory[i][lane]);
            sales[lane] += p.memory_weight * s.memory[i][lane];
        }
    }
    for (int lane = 0; lane < lanes; ++lane) s.cash[lane] += sales[lane] * p.dt;
}

// kept: (n_steps + 1, n_paths) float; event_time: (n_paths,) double; n_paths is a multiple of 64.
extern "C" void simulate(int64_t n_paths, int64_t n_steps, uint64_t seed, const Parameters *given, float *kept,
                         double *event_time) {
    const Parameters p = *given;
    Normals<shocks, lanes> normals;
    State state;
    alignas(64) double event[lanes];
    for (int64_t start = 0; start < n_paths; start += lanes) {
        begin<lanes>(p.cash, state.cash, event, kept + start);
        for (int lane = 0; lane < lanes; ++lane) {
            for (int i = 0; i < markets; ++i) {
                state.driver[i][lane] = state.first[i][lane] = state.second[i][lane] = state.third[i][lane] = 1.0;
            }
            for (int i = 0; i < levels; ++i) state.level[i][lane] = 0.0;
            for (int i = 0; i < memories; ++i) state.memory[i][lane] = 0.0;
        }
        for (int64_t step = 0; step < n_steps; ++step) {
            const int turn = static_cast<int>(step % steps_per_call);
            if (turn == 0) fill_normals(normals, start, static_cast<uint64_t>(step / steps_per_call), seed);
            move(p, normals, turn, state);
            note<lanes>(state.cash, static_cast<double>(step + 1) * p.dt, event, kept + (step + 1) * n_paths + start);
        }
        std::memcpy(event_time + start, event, sizeof event);
    }
}
