// A process for move_test.cpp to kill: moves all queues, job by job.
//
//     queue_move_child FROM TO
//
// It says a line for each step, and `done` in the end.

#include <infra/queue/move.hpp>
#include <infra/runtime/wait.hpp>

#include <iostream>

int main(int argc, char** argv) {
    using namespace infra;
    if (argc != 3)
        return 2;
    const auto from = queue::make_backend(argv[1]), to = queue::make_backend(argv[2]);
    const auto plan = wait(queue::plan_move(from, to));
    const auto say = [](const queue::move_progress& p) { std::cout << to_string(p.step) << std::endl; };
    wait(queue::move_queues(from, to, plan, {.page = 1, .resume = true, .on_progress = say}));
    std::cout << "done" << std::endl;
    for (const auto& each : {from, to})
        wait(each->stop(deadline::after(std::chrono::seconds(5))));
    return 0;
}
