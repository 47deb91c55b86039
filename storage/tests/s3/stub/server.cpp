#include "server.hpp"

#include "op.hpp"
#include "wire.hpp"
#include "xml.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/http_date.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <map>

namespace infra::storage::stub {

using asio::ip::tcp;

struct server::state {
    explicit state(stub::options o)
        : with(std::move(o)), s3(with), loops(with.threads, "s3-stub"), acceptor(loops[0].io_context()) {}

    stub::options with;
    service s3;
    event_loops loops;
    tcp::acceptor acceptor;

    mutable std::mutex mutex;
    std::vector<seen> requests;
    std::map<std::size_t, std::pair<executor, std::weak_ptr<wire>>> open;
    std::atomic<std::size_t> connections{0};
    std::atomic<std::size_t> at_once{0};
    std::atomic<std::size_t> most_at_once{0};
    std::uint16_t port = 0;
};

namespace {

// Before which a bucket stands in a virtual host; in any other the bucket is in the path.
constexpr std::string_view domains[] = {".s3.localhost", ".localhost"};

void locate(message& m) {
    const auto host = m.header("host").value_or("");
    const auto name = host.substr(0, host.rfind(':'));
    auto path = std::string_view(m.path).substr(1);
    const auto domain = std::ranges::find_if(domains, [&](auto each) { return name.ends_with(each); });
    if (domain != std::end(domains)) {
        m.bucket = name.substr(0, name.size() - domain->size());
    } else {
        const auto slash = std::min(path.find('/'), path.size());
        m.bucket = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    m.key = encoding::percent_decode(path).value_or(std::string(path));
}

void flip(message& m, std::uint64_t at) {
    std::string bytes(m.body.bytes.view());
    if (at >= bytes.size())
        return;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    m.body.bytes = shared_bytes(std::move(bytes));
    m.raw_hash = "of other bytes";
}

answer told(const fault& f) {
    if (f.body)
        return text_answer(f.status, *f.body, f.headers);
    return error_answer(f.status, f.code, "As it was told.", f.elements, f.headers);
}

void spoil_checksums(answer& a) {
    for (auto& [name, value] : a.headers)
        if (name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-type")
            value[0] = value[0] == 'A' ? 'B' : 'A';
}

bool is(const std::optional<fault>& f, trouble what) { return f && f->what == what; }

// Kept by the answer's sender: whether the connection goes on, and what was answered.
struct ending {
    bool goes_on = true;
    int status = 0;
};

} // namespace

// --- One connection ---------------------------------------------------------------------------------------------------

struct server::conversation {
    std::shared_ptr<wire> with;
    state& of;
    std::size_t number;

    static awaitable<void> run(std::shared_ptr<conversation> c);
    awaitable<bool> answer_one(message m);
    awaitable<void> take_part(message& m, const std::optional<fault>& f, ending& end);
    awaitable<bool> receive(message& m, const std::optional<fault>& f);
    awaitable<void> reply(const message& m, answer a, const std::optional<fault>& f, ending& end);
    void count() const;
    void remember(const message& m, int status) const;
};

awaitable<void> server::conversation::run(std::shared_ptr<conversation> c) {
    try {
        while (true) {
            auto head = co_await with_deadline(c->with->read_head(), deadline::after(c->of.with.idle));
            if (!head || !co_await c->answer_one(std::move(*head)))
                break;
        }
    } catch (const std::exception&) {
        // idle for too long, or the client went away
    }
    c->with->close();
    const std::lock_guard lock(c->of.mutex);
    c->of.open.erase(c->number);
}

awaitable<bool> server::conversation::answer_one(message m) {
    locate(m);
    m.op = op_of(m);
    count();
    auto f = of.s3.faults().take(m.op, m.key);
    if (of.with.most_at_once > 0 && of.at_once > of.with.most_at_once)
        f = slow_down(1);
    ending end;
    std::exception_ptr failure;
    try {
        co_await take_part(m, f, end);
    } catch (...) {
        failure = std::current_exception();
    }
    --of.at_once;
    if (end.status == 0)
        remember(m, 0);
    if (failure)
        std::rethrow_exception(failure);
    co_return end.goes_on&& m.header("connection").value_or("") != "close";
}

awaitable<void> server::conversation::take_part(message& m, const std::optional<fault>& f, ending& end) {
    end.goes_on = false;
    if (is(f, trouble::reset))
        co_return with->reset();
    if (is(f, trouble::early_answer))
        co_return co_await reply(m, told(*f), f, end);
    if (!co_await receive(m, f))
        co_return;
    if (is(f, trouble::silent))
        co_return co_await with->until_closed();
    end.goes_on = !is(f, trouble::close_after);
    if (is(f, trouble::answer))
        co_return co_await reply(m, told(*f), f, end);
    if (is(f, trouble::error_in_200))
        co_return co_await reply(m, error_answer(200, f->code, "As it was told.", f->elements), f, end);
    if (is(f, trouble::removed_before))
        of.s3.forget(m.key);
    auto done = of.s3.handle(m);
    done.tells_length = !is(f, trouble::no_length);
    if (is(f, trouble::silent_after)) {
        end.goes_on = false;
        co_return co_await with->until_closed();
    }
    if (is(f, trouble::reset_after)) {
        end.goes_on = false;
        co_return with->reset();
    }
    if (is(f, trouble::slow)) {
        asio::steady_timer timer(co_await asio::this_coro::executor, f->wait);
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_await reply(m, std::move(done), f, end);
}

awaitable<bool> server::conversation::receive(message& m, const std::optional<fault>& f) {
    if (m.header("expect"))
        co_await with->proceed();
    body_plan plan{.keep = of.with.keep_bodies, .sum = of.with.check_hashes && m.header("x-amz-checksum-crc32c")};
    if (is(f, trouble::cut_request))
        plan.stop_at = f->at;
    if (!co_await with->read_body(m, plan) || is(f, trouble::cut_request))
        co_return false;
    if (is(f, trouble::flip_request))
        flip(m, f->at);
    co_return true;
}

awaitable<void> server::conversation::reply(const message& m, answer a, const std::optional<fault>& f, ending& end) {
    end.status = a.status;
    remember(m, a.status); // before the answer, for whoever has that asks what was seen
    a.headers.emplace_back("date", format_http_date(of.s3.now()));
    a.headers.emplace_back("server", "stub");
    a.headers.emplace_back("x-amz-request-id", "STUB" + std::to_string(number));
    if (is(f, trouble::wrong_checksum))
        spoil_checksums(a);
    write_plan plan;
    if (is(f, trouble::cut_answer)) {
        plan.cut_at = f->at;
        end.goes_on = false;
    }
    if (is(f, trouble::flip_answer))
        plan.flip = f->at;
    if (is(f, trouble::trickle))
        plan.trickle = f->wait;
    co_await with->write(std::move(a), m.method != "HEAD", plan);
}

void server::conversation::count() const {
    const auto now = ++of.at_once;
    for (auto most = of.most_at_once.load(); now > most && !of.most_at_once.compare_exchange_weak(most, now);) {
    }
}

void server::conversation::remember(const message& m, int status) const {
    if (!of.with.remember)
        return;
    const std::lock_guard lock(of.mutex);
    of.requests.push_back({std::string(m.op), m.key, m.method, m.target, m.headers, m.body.size, status, number});
}

// --- The server -------------------------------------------------------------------------------------------------------

// Ends with the loop, which the state owns.
awaitable<void> server::accept(state* s) {
    while (true) {
        auto& loop = s->loops.next();
        boost::system::error_code ec;
        auto socket =
            co_await s->acceptor.async_accept(loop.io_context(), asio::redirect_error(asio::use_awaitable, ec));
        if (ec == asio::error::operation_aborted || !s->acceptor.is_open())
            co_return;
        if (ec)
            continue;
        socket.set_option(tcp::no_delay(true));
        const auto number = ++s->connections;
        const auto connection = std::make_shared<wire>(std::move(socket));
        {
            const std::lock_guard lock(s->mutex);
            s->open.emplace(number, std::pair(loop.get_executor(), std::weak_ptr(connection)));
        }
        auto talk = std::make_shared<conversation>(connection, *s, number);
        asio::co_spawn(loop.get_executor(), conversation::run(std::move(talk)), asio::detached);
    }
}

server::server(options with) : state_(std::make_unique<state>(std::move(with))) {
    auto& acceptor = state_->acceptor;
    const tcp::endpoint at(asio::ip::address_v4::loopback(), state_->with.port);
    acceptor.open(at.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(at);
    acceptor.listen();
    state_->port = acceptor.local_endpoint().port();
    asio::co_spawn(state_->loops[0].get_executor(), accept(state_.get()), asio::detached);
    state_->loops.start();
}

server::~server() { state_->loops.stop(); } // before the acceptor is closed on this thread

std::uint16_t server::port() const noexcept { return state_->port; }
std::string server::endpoint() const { return "http://127.0.0.1:" + std::to_string(state_->port); }
const std::string& server::bucket() const noexcept { return state_->with.bucket; }
const credentials& server::keys() const noexcept { return state_->with.keys; }
service& server::s3() noexcept { return state_->s3; }
script& server::faults() noexcept { return state_->s3.faults(); }
std::size_t server::connections() const noexcept { return state_->connections; }
std::size_t server::most_at_once() const noexcept { return state_->most_at_once; }

std::size_t server::open_connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->open.size();
}

std::vector<seen> server::requests() const {
    const std::lock_guard lock(state_->mutex);
    return state_->requests;
}

std::vector<seen> server::requests_of(std::string_view op) const {
    auto all = requests();
    std::erase_if(all, [op](const seen& each) { return each.op != op; });
    return all;
}

void server::drop_connections() {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [number, connection] : state_->open)
        asio::post(connection.first, [held = connection.second] {
            if (const auto each = held.lock())
                each->reset();
        });
}

} // namespace infra::storage::stub
