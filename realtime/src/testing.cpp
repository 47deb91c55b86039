#include <infra/realtime/testing.hpp>

#include <infra/realtime/outbox.hpp>
#include <infra/realtime/session.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <mutex>
#include <span>
#include <stdexcept>
#include <utility>

namespace infra::realtime {
namespace {

class test_group final : public connection_group {
public:
    explicit test_group(executor on) : on_(std::move(on)) {}
    executor get_executor() const noexcept override { return on_; }
    void flush() noexcept override {}

private:
    const executor on_;
};

/// The clients of one loop are one group, as a server's are.
std::shared_ptr<test_group> group_of(const executor& on) {
    static std::mutex mutex;
    static std::vector<std::weak_ptr<test_group>> all; // guarded by mutex
    const std::scoped_lock lock(mutex);
    std::erase_if(all, [](const auto& each) { return each.expired(); });
    for (const auto& each : all)
        if (auto found = each.lock(); found && found->get_executor() == on)
            return found;
    auto made = std::make_shared<test_group>(on);
    all.push_back(made);
    return made;
}

/// What the client's side of the wire has of one connection.
class wire final : public connection {
public:
    wire(std::shared_ptr<test_group> group, std::size_t max_bytes, bool stalled)
        : group_(std::move(group)),
          waiting_({.max_bytes = max_bytes,
                    .beside_each = kept_beside_each,
                    .gap_as = [](const frame& f) { return f.text(); }}),
          stalled_(stalled) {}

    void send(const frame& f) override {
        if (closed_)
            return;
        if (waiting_.push(f, f.text()) == outbox::verdict::close)
            return end(close_code::slow);
        stalled_ ? fill_kernel() : deliver();
    }
    void close(close_code code, std::string_view) override {
        if (!closed_)
            closed_ = code;
        talk_.reset(); // which holds this
    }
    std::shared_ptr<connection_group> group() const noexcept override { return group_; }
    std::size_t queued_bytes() const noexcept override { return closed_ ? 0 : waiting_.bytes(); }
    std::uint64_t dropped() const noexcept override { return waiting_.dropped(); }

    void begin(std::shared_ptr<session> talk) {
        if (!closed_)
            talk_ = std::move(talk);
    }
    void say(std::string text) {
        unsent_.push_back(std::move(text));
        go_on();
    }
    /// Hands over what was said until there is no room.
    void go_on() {
        while (!unsent_.empty() && !closed_ && has_room_) {
            const auto text = std::move(unsent_.front());
            unsent_.erase(unsent_.begin());
            has_room_ = std::shared_ptr(talk_)->receive(text);
        }
    }
    void read_on() {
        has_room_ = true;
        go_on();
    }
    void end(close_code code) {
        if (closed_)
            return;
        closed_ = code;
        if (const auto talk = std::exchange(talk_, nullptr))
            talk->ended(code);
    }

    void stall() { stalled_ = true; }
    void resume() {
        stalled_ = false;
        deliver();
    }
    std::vector<std::string> take() { return std::exchange(heard_, {}); }
    std::optional<close_code> closed() const { return closed_; }

private:
    // Of a client that does not read, a kernel holds something, and of the frame behind that a part: here one byte of the first.
    void fill_kernel() {
        std::array<std::string_view, 1> next{};
        if (begun_.empty() && waiting_.gather(next) > 0) {
            begun_ = next[0].substr(0, 1);
            waiting_.written(1);
        }
    }
    void deliver() {
        std::array<std::string_view, 64> pieces{};
        if (closed_) // what waited is lost with the connection
            return;
        while (const auto many = waiting_.gather(pieces)) {
            std::size_t bytes = 0;
            for (const auto piece : std::span(pieces).first(many)) {
                heard_.push_back(std::exchange(begun_, {}).append(piece));
                bytes += piece.size();
            }
            waiting_.written(bytes);
        }
    }

    const std::shared_ptr<test_group> group_;
    std::shared_ptr<session> talk_;
    outbox waiting_;
    std::string begun_;
    std::vector<std::string> heard_;
    std::vector<std::string> unsent_;
    std::optional<close_code> closed_;
    bool stalled_;
    bool has_room_ = true;
};

std::string text_in(const json::object& from, std::string_view member) {
    const auto* const found = from.if_contains(boost::json::string_view(member));
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::uint64_t offset_in(const json::object& from) {
    const auto* const found = from.if_contains("offset");
    return found ? json::from_value<std::uint64_t>(*found).value() : 0;
}

heard_message read(std::string_view text) {
    auto value = json::parse(text).value();
    auto& from = value.as_object();
    heard_message m;
    m.type = text_in(from, "type");
    m.channel = text_in(from, "channel");
    m.ref = text_in(from, "ref");
    m.offset = offset_in(from);
    if (auto* const data = from.if_contains("data"))
        m.data = std::move(*data);
    return m;
}

} // namespace

struct test_client::state {
    state(hub to, identity is, handshake brings)
        : at(std::move(to)), who(std::move(is)), from(std::move(brings)), group(group_of(executor_of(at))) {}

    static executor executor_of(const hub& at) {
        if (!at.options().on)
            throw std::invalid_argument("realtime::test_client: hub_options::on must be the loop of the test");
        return *at.options().on;
    }

    void connect() {
        over = std::make_shared<wire>(group, at.options().limits.max_queue_bytes, stalled);
        const auto read_on = [to = std::weak_ptr(over)] {
            if (const auto there = to.lock())
                there->read_on();
        };
        auto talk = session::open(at, over, from, who, {.transport = "test", .read_on = read_on});
        if (talk)
            id = talk->id();
        over->begin(std::move(talk));
    }

    void hear() {
        for (const auto& text : over->take()) {
            heard.push_back(read(text));
            note(heard.back());
        }
    }

    /// Where the client is in its channels.
    void note(const heard_message& m) {
        const auto* const data = m.data.if_object();
        if (m.type == "subscribed") {
            auto& mine = channels[m.channel];
            if (auto question = asked.extract(m.channel))
                mine = std::move(question.mapped());
            if (data && data->contains("epoch") && !(data->contains("recovered") && data->at("recovered").as_bool()))
                mine.since = position{text_in(*data, "epoch"), offset_in(*data)};
        } else if (m.type == "unsubscribed") {
            channels.erase(m.channel);
        } else if (const auto found = channels.find(m.channel); found != channels.end() && found->second.since) {
            auto& place = *found->second.since;
            place.offset = std::max(place.offset, m.type == "gap" && data ? offset_in(*data) : m.offset);
        }
    }

    const hub at;
    const identity who;
    const handshake from;
    const std::shared_ptr<test_group> group;
    std::shared_ptr<wire> over;
    client_id id;
    std::vector<heard_message> heard;
    std::map<std::string, client_message> asked;    // to subscribe, and not answered yet
    std::map<std::string, client_message> channels; // what it was said with, and where it is
    bool stalled = false;
};

test_client::test_client(hub at, identity who, handshake from)
    : state_(std::make_shared<state>(std::move(at), std::move(who), std::move(from))) {
    state_->connect();
}

test_client::~test_client() { drop(); }

void test_client::say(const message& m) { say(client_message{.what = m}); }

void test_client::say(client_message m) {
    if (m.what.type == "subscribe")
        state_->asked[m.what.channel] = m;
    say_text(to_text(m));
}

void test_client::say_text(std::string_view text) { state_->over->say(std::string(text)); }

std::vector<heard_message> test_client::heard() {
    state_->hear();
    return std::exchange(state_->heard, {});
}

std::vector<heard_message> test_client::heard(std::string_view type) {
    state_->hear();
    auto& all = state_->heard;
    std::vector<heard_message> of_type;
    std::ranges::copy_if(all, std::back_inserter(of_type), [type](const auto& m) { return m.type == type; });
    std::erase_if(all, [type](const auto& m) { return m.type == type; });
    return of_type;
}

void test_client::stall() {
    state_->stalled = true;
    state_->over->stall();
}

void test_client::resume() {
    state_->stalled = false;
    state_->over->resume();
}

std::size_t test_client::queued_bytes() const { return state_->over->queued_bytes(); }

void test_client::drop() { state_->over->end(close_code::abnormal); }

void test_client::reconnect() {
    state_->hear();
    drop();
    auto channels = std::exchange(state_->channels, {});
    channels.merge(std::exchange(state_->asked, {}));
    state_->connect();
    for (auto& [name, m] : channels) {
        m.ref.clear();
        say(std::move(m));
    }
}

std::optional<close_code> test_client::closed() const { return state_->over->closed(); }

const client_id& test_client::id() const { return state_->id; }

} // namespace infra::realtime
