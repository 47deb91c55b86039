#pragma once

/// What every verb of `infra queue` and `infra cron` that speaks to a queue has in common: where the queue is, how long to
/// wait for it, and which exit code a failure has.

#include "frame.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/queue.hpp>
#include <infra/runtime/environment.hpp>
#include <infra/runtime/wait.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace infra::cli {

/// What the flags say.
struct queue_place {
    std::string url;
    std::string prefix;
    std::string timeout = "5s";
};

void add_place_options(CLI::App& to, queue_place& place);

/// Looking at a queue must not make one: `anew` says whether a file that is not there may be made. Throws infra::error with
/// errc::misconfigured for what is no URL of a queue that others can see, and queue::errc::unavailable where nothing is.
std::string queue_url(const std::string& given, const environment& variables, bool anew);

/// The URL of a queue on Redis whose keys begin so. Throws std::invalid_argument for any other.
std::string with_prefix(std::string url, const std::string& prefix);

exit_code code_for(const boost::system::error_code& failure);

/// What it says, and where nobody could be reached what to look at.
std::string with_advice(const boost::system::system_error& e);

/// What was named is not there: the command ends with exit_code::not_found.
class not_known : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// An open queue.
struct queue_session {
    queue::queue jobs;
    std::chrono::milliseconds patience;
    const output& to;
    std::string where{}; ///< fit to be shown

    /// One question, answered within the time that was given; a little later where nobody has said by then why not.
    template <class T>
    T ask(awaitable<T> question) const {
        try {
            return wait(with_deadline(std::move(question), deadline::after(patience + grace)));
        } catch (const error& e) {
            if (e.code() == errc::timed_out)
                throw no_answer();
            throw;
        }
    }
    static constexpr std::chrono::milliseconds grace{250};
    error no_answer() const;

    wall_time now() const { return jobs.time().wall(); }

    /// A queue begins with its first job, so that a wrong name is no error but a queue that is empty. Says so to people where
    /// nothing is in `queue` and nobody works for it, with the name that was meant.
    void tell_if_nothing_is_there(const std::string& queue) const;

    /// For what is asked of jobs, and found none: throws not_known, with the name that was meant, where nothing is known of
    /// `queue`: no job, no schedule, no setting, no worker.
    void refuse_unknown(const std::string& queue) const;
    std::optional<std::string> why_unknown(const std::string& queue) const; ///< the sentence; empty: it is known

private:
    bool is_in_use(const std::string& queue) const;
};

enum class opening {
    existing,
    anew,    ///< it may be made
    to_stay, ///< likewise, and for longer than --timeout: as services have it
};

/// Opens, acts, closes; what is thrown becomes a message and an exit code.
exit_code with_queue(const queue_place& place, opening how, const output& to,
                     const std::function<exit_code(const queue_session&)>& act);

} // namespace infra::cli
