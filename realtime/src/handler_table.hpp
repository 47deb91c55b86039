#pragma once

#include <infra/realtime/handlers.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra {
class clock;
}

namespace infra::realtime::detail {

/// Who has asked to hear what clients say. Changing it is rare and copies it; reading takes a pointer.
///
/// Threads:  any. Handlers are called under no lock.
class handler_table {
public:
    struct lists {
        struct listener {
            std::string type{}; ///< empty: all
            message_handler handler;
        };
        std::vector<listener> messages{};
        std::map<std::string, request_handler, std::less<>> requests{};
        std::vector<client_handler> connected{};
        std::vector<client_handler> disconnected{};
    };

    void on_message(std::string type, message_handler handler);
    void on_request(std::string type, request_handler handler);
    void on_connect(client_handler handler);
    void on_disconnect(client_handler handler);

    std::shared_ptr<const lists> now() const;

private:
    template <class Change>
    void change(Change change);

    mutable std::mutex mutex_;
    std::shared_ptr<const lists> lists_ = std::make_shared<lists>(); // guarded by mutex_; what it points to is constant
};

/// How long a coroutine may take over one message.
struct patience {
    std::chrono::milliseconds each{};
    clock* time = nullptr;
};

/// Calls the handlers that want `said`, one after the other; what one throws is logged and stops no other. Empty if that is done, a
/// coroutine that does it where one of them is a coroutine.
std::optional<awaitable<void>> dispatch(std::shared_ptr<const handler_table::lists> to, client_id from, message said,
                                        patience limit);
/// Whether anybody would hear it, and whether all of them are plain functions.
bool has_handler(const handler_table::lists& to, std::string_view type) noexcept;
bool is_plain(const handler_table::lists& to, std::string_view type) noexcept;
/// Null where nobody answers it.
const request_handler* find_request(const handler_table::lists& in, std::string_view type) noexcept;

/// The same for those who hear of clients that come and go.
std::optional<awaitable<void>> tell(std::vector<client_handler> all, client_id who, close_code code, patience limit);

/// The same, to be called on the loop that `on` is of: for clients without a session, which does it in its client's turn.
std::function<void()> telling(std::vector<client_handler> all, client_id who, close_code code, executor on);

/// Writes what a handler threw to the log.
void log_failed_handler(std::string_view of, std::string_view client, std::exception_ptr why) noexcept;

} // namespace infra::realtime::detail
