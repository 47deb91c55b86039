#include "tail.hpp"

#include "documents.hpp"

#include <infra/base/time.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace infra::realtime::admin {
namespace {

class one_loop final : public connection_group {
public:
    explicit one_loop(executor ex) : ex_(std::move(ex)) {}
    executor get_executor() const noexcept override { return ex_; }
    void flush() noexcept override {}

private:
    executor ex_;
};

/// A connection that is read by a coroutine of the same loop.
class listener final : public connection {
public:
    listener(executor ex, std::size_t max_bytes)
        : group_(std::make_shared<one_loop>(ex)), wake_(std::move(ex)), lines_(max_bytes) {}

    void send(const frame& f) override {
        lines_.push(f);
        wake_.cancel();
    }
    void close(close_code, std::string_view) override {
        closed_ = true;
        wake_.cancel();
    }
    std::shared_ptr<connection_group> group() const noexcept override { return group_; }

    bool closed() const noexcept { return closed_; }
    waiting_lines& lines() noexcept { return lines_; }

    awaitable<void> wait(std::chrono::milliseconds patience) {
        if (closed_ || !lines_.empty())
            co_return;
        boost::system::error_code ec;
        wake_.expires_after(patience);
        co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

private:
    std::shared_ptr<connection_group> group_;
    asio::steady_timer wake_;
    waiting_lines lines_;
    bool closed_ = false;
};

/// A client of the hub for as long as this lives.
struct registration {
    registration(hub h, client_id i, std::shared_ptr<connection> c) : of(std::move(h)), id(std::move(i)) {
        of.register_client(id, std::move(c));
    }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;
    ~registration() { of.remove_client(id); }

    hub of;
    client_id id;
};

awaitable<std::string> past(hub of, std::shared_ptr<listener> ear, std::string channel, std::size_t limit) {
    const auto said = co_await of.history(channel, {}, limit);
    ear->lines().skip(channel, said.now.offset);
    std::string lines;
    for (const auto& each : said.messages)
        lines.append(json::to_text(document_of(each, channel))).append("\n");
    co_return lines;
}

} // namespace

void waiting_lines::push(const frame& f) {
    if (is_told(f.facts()))
        return;
    bytes_ += f.text().size();
    frames_.push_back(f);
    while (bytes_ > max_bytes_ && frames_.size() > 1) {
        const auto& facts = frames_.front().facts();
        auto& [count, offset] = dropped_[facts.channel ? facts.channel->name : ""];
        ++count;
        offset = facts.offset;
        bytes_ -= frames_.front().text().size();
        frames_.pop_front();
    }
}

void waiting_lines::skip(const std::string& channel, std::uint64_t to) {
    told_[channel] = to;
    std::erase_if(frames_, [this](const frame& f) {
        const bool told = is_told(f.facts());
        bytes_ -= told ? f.text().size() : 0;
        return told;
    });
}

bool waiting_lines::is_told(const frame_facts& f) const {
    if (!f.channel || f.offset == 0)
        return false;
    const auto told = told_.find(f.channel->name);
    return told != told_.end() && f.offset <= told->second;
}

std::string waiting_lines::take() {
    std::string lines;
    lines.reserve(bytes_ + frames_.size());
    for (const auto& [channel, lost] : std::exchange(dropped_, {})) {
        json::object data{{"dropped", lost.first}};
        if (lost.second > 0)
            data["offset"] = lost.second;
        lines.append(to_text({.type = "gap", .channel = channel, .data = std::move(data)})).append("\n");
    }
    for (const auto& each : std::exchange(frames_, {}))
        lines.append(each.text()).append("\n");
    bytes_ = 0;
    return lines;
}

awaitable<void> tail(hub of, tail_wish wish, http::body_writer to) {
    const auto ear = std::make_shared<listener>(co_await asio::this_coro::executor, wish.max_bytes);
    const registration kept(of, wish.id, ear);
    for (const auto& each : wish.channels)
        of.subscribe(each, kept.id);
    co_await to.write("\n"); // it has begun
    for (const auto& each : wish.channels)
        if (wish.history > 0)
            co_await to.write(co_await past(of, ear, each, wish.history));
    while (!ear->closed() && !*wish.over) {
        co_await ear->wait(wish.keep_alive);
        auto lines = ear->lines().take();
        co_await to.write(lines.empty() ? "\n" : std::move(lines));
    }
}

} // namespace infra::realtime::admin
