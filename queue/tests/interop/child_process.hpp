#pragma once

// Programs that tests of the mixed fleet start, stop and kill.

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace infra::queue::interop {

/// Speaks by lines; ended with the object, and with the test should that crash.
///
/// Threads:  one at a time.
class child_process {
public:
    explicit child_process(std::vector<std::string> command);
    ~child_process() { kill(); }
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    void write_line(const std::string& line) const;
    /// The next that it says. Throws std::runtime_error when it ended, or says nothing within `limit`.
    std::string line(std::chrono::milliseconds limit = std::chrono::seconds(120));

    void kill();          ///< -9, and waits until it has ended
    void pause() const;   ///< SIGSTOP
    void proceed() const; ///< SIGCONT
    int wait();           ///< the exit code; -1 if it was killed

private:
    bool read_more(std::chrono::milliseconds limit);

    pid_t pid_ = -1;
    int to_ = -1, from_ = -1;
    std::string heard_;
};

/// build/<preset>/bin/queue_interop_child
std::string our_child();

} // namespace infra::queue::interop
