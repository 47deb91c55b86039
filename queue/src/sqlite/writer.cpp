#include "writer.hpp"

#include "dead.hpp"

#include <boost/asio/error.hpp>

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {
namespace {

std::exception_ptr closed() {
    return std::make_exception_ptr(error(infra::errc::closed, "the queue's storage was stopped and does nothing more"));
}

std::exception_ptr aborted() {
    return std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
}

using operations = std::vector<std::shared_ptr<operation>>;

operations claims_last(operations all) {
    operations sorted, claims;
    sorted.reserve(all.size());
    for (auto& each : all)
        (each->is_claim() ? claims : sorted).push_back(std::move(each));
    std::ranges::move(claims, std::back_inserter(sorted));
    return sorted;
}

// Also how soon it is found out that the log is not told of, or that the file was moved away.
look_plan plan_of(const sqlite_options& options) {
    using namespace std::chrono_literals;
    const bool looks_for_dead = options.look_for_dead > 0ms;
    return {options.poll, looks_for_dead ? std::min<std::chrono::milliseconds>(options.look_for_dead, 500ms) : 500ms};
}

error overloaded(const sqlite_options& options) {
    return {infra::errc::overloaded,
            "too many operations wait for the queue's file " + options.file.string() +
                " (sqlite_options::max_waiting, max_waiting_bytes); nothing was stored, try later"};
}

} // namespace

writer::writer(sqlite_options options, const side_work_limits& side_work)
    : options_(std::move(options)), side_work_(side_work), alive_(options_.file), plan_(plan_of(options_)) {}

writer::~writer() {
    abandon();
    if (thread_.joinable())
        thread_.join();
}

void writer::abandon() noexcept {
    const std::scoped_lock lock(mutex_);
    stopping_ = hurry_ = true;
    wake(watches_);
}

void writer::wake(bool watches) noexcept {
    if (watches)
        watch_.wake();
    else
        changed_.notify_one();
}

std::uint64_t writer::post(std::shared_ptr<operation> work) {
    std::unique_lock lock(mutex_);
    if (stopping_)
        std::rethrow_exception(closed());
    if (!work->urgent && (waiting_.size() >= options_.max_waiting ||
                          (waiting_bytes_ > 0 && waiting_bytes_ + work->bytes > options_.max_waiting_bytes)))
        throw overloaded(options_);
    if (!thread_.joinable()) // before the work is in its hands: what throws here has stored nothing
        thread_ = std::thread([this] { this->work(); });
    waiting_bytes_ += work->bytes;
    const auto ticket = work->ticket_ = ++last_ticket_;
    waiting_.push_back(std::move(work));
    const bool first = waiting_.size() == 1, watches = watches_;
    lock.unlock(); // or it wakes to wait for that
    if (first)
        wake(watches);
    return ticket;
}

void writer::withdraw(std::uint64_t ticket) noexcept {
    std::shared_ptr<operation> found;
    {
        const std::scoped_lock lock(mutex_);
        found = take(ticket);
        if (!found && performing_)
            withdrawn_.push_back(ticket);
    }
    if (!found)
        return;
    completion_batch one;
    one.add(std::move(found), aborted());
    one.deliver();
}

std::shared_ptr<operation> writer::take(std::uint64_t ticket) {
    for (auto* from : {&parked_, &waiting_}) {
        const auto place = std::ranges::find_if(*from, [&](const auto& each) { return each->ticket_ == ticket; });
        if (place == from->end())
            continue;
        auto found = std::move(*place);
        from->erase(place);
        return found;
    }
    return nullptr;
}

void writer::stop(const promise<void>& drained) {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (ended_ || !thread_.joinable())
        return drained.set_value();
    told_.push_back(drained);
    wake(watches_);
}

// --- the thread ---------------------------------------------------------------------------------------------------

void writer::work() {
    pthread_setname_np(pthread_self(), "queue-sqlite");
    while (true) {
        auto all = next_batch();
        if (all.empty())
            break;
        if (hurry_)
            fail_all(std::move(all), closed());
        else
            perform(std::move(all));
    }
    fail_all(take_parked(), closed());
    drop();
    end();
}

void writer::end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    for (const auto& each : told_)
        each.set_value();
    told_.clear();
}

// What waits; empty once stopped. Looks for other processes' work while somebody waits for some.
writer::batch writer::next_batch() {
    std::unique_lock lock(mutex_);
    while (waiting_.empty() && !stopping_) {
        if (parked_.empty()) {
            changed_.wait(lock);
        } else if (sleep(lock)) {
            lock.unlock();
            look_for_others();
            lock.lock();
        }
    }
    return take_some();
}

// True: it is time to look for others.
bool writer::sleep(std::unique_lock<std::mutex>& lock) {
    if (!watch_.is_on())
        return changed_.wait_until(lock, plan_.next()) == std::cv_status::timeout;
    const auto now = std::chrono::steady_clock::now();
    const bool listens = now >= plan_.earliest();
    if (listens && now >= plan_.next())
        return true;
    watches_ = true;
    lock.unlock();
    if (listens)
        watch_.sleep_until(plan_.next(), log_watch::listening::to_wake_and_log);
    else
        watch_.sleep_until(plan_.earliest(), log_watch::listening::to_wake);
    if (watch_.was_written())
        plan_.told(std::chrono::steady_clock::now());
    lock.lock();
    watches_ = false;
    return false;
}

// Those who were told of the last transaction may be asking for more right now. If all who ask were served together, nobody
// would have anything to do meanwhile, and the thread nothing while they ask again: so it takes half of them.
writer::batch writer::take_some() {
    constexpr std::size_t few = 32;
    const auto n = std::max(few, (waiting_.size() + std::exchange(told_of_, 0)) / 2);
    performing_ = true; // from here on whoever wants one back has to leave word
    if (waiting_.size() <= n) {
        waiting_bytes_ = 0;
        return std::exchange(waiting_, {});
    }
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(n);
    batch some(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    for (const auto& each : some)
        waiting_bytes_ -= each->bytes;
    return some;
}

// Whoever waits is not told of what goes wrong here: a time that it knows will come, and then it asks.
void writer::look_for_others() {
    try {
        open();
        store_->look_for_others();
        const bool others_wrote = store_->take_others_wrote();
        if (others_wrote && watch_.is_on() && !plan_.was_told()) {
            if (watch_.was_written())
                plan_.told(std::chrono::steady_clock::now()); // and not only of what has just been seen, maybe
            else
                miss();
        }
        offer_to_all_ = others_wrote || notice_dead(*store_) || offer_to_all_;
    } catch (const std::exception&) {
        drop_if_broken(std::current_exception());
    }
    const bool brought_work = offer_to_all_ && store_ && offer_to_parked();
    plan_.looked(std::chrono::steady_clock::now(), brought_work);
}

// Whether there was something for them, and they have it.
bool writer::offer_to_parked() {
    auto parked = take_parked();
    const auto asking = parked.size();
    const auto some = others_brought_work(parked);
    offer_to_all_ = some.value_or(true); // what could not be looked at is offered again
    park(std::move(parked));
    if (some == true)
        perform({});
    const std::scoped_lock lock(mutex_);
    return some == true && !offer_to_all_ && parked_.size() < asking;
}

// Looks without the lock that others may need to write more. Nothing: it could not.
std::optional<bool> writer::others_brought_work(const batch& parked) {
    try {
        store_->begin(access::read);
        const bool some = std::ranges::any_of(parked, [&](const auto& each) { return each->may_go_on(*store_); });
        store_->end_reading();
        return some;
    } catch (const std::exception&) {
        store_->rollback();
        drop_if_broken(std::current_exception());
        return std::nullopt;
    }
}

writer::batch writer::take_parked() {
    const std::scoped_lock lock(mutex_);
    performing_ = true;
    return std::exchange(parked_, {});
}

void writer::park(batch all) {
    batch gone;
    {
        const std::scoped_lock lock(mutex_);
        performing_ = false;
        parked_ = std::move(all);
        for (const auto ticket : std::exchange(withdrawn_, {}))
            if (auto found = take(ticket))
                gone.push_back(std::move(found));
    }
    fail_all(std::move(gone), aborted());
}

void writer::fail_all(batch all, std::exception_ptr why) {
    for (auto& each : all)
        done_.add(std::move(each), why);
    why = nullptr;
    done_.deliver();
}

// Undoing one of several takes a savepoint for each, which costs as much as a job: so that is done only once one has failed.
// And if the whole transaction was lost to one of them, or to a full disk, each is tried for itself.
void writer::perform(batch all) {
    auto parked = take_parked();
    all = claims_last(std::move(all));
    if (!perform_together(all, parked, undo::everything) && !perform_together(all, parked, undo::parts))
        for (auto& each : all) {
            batch one;
            one.push_back(std::move(each));
            perform_together(one, parked, undo::parts);
        }
    park(std::move(parked));
    if (store_)
        store_->tend_log();
}

// False if all is undone and it may help to try another way; otherwise everyone has been told.
bool writer::perform_together(batch& all, batch& parked, undo how) {
    std::vector<std::exception_ptr> failures(all.size() + parked.size());
    std::exception_ptr why; // told outside the handler, so that whoever is told has it last
    bool begun = false;
    try {
        begin(all, !parked.empty() && offer_to_all_);
        begun = true;
        perform_all(all, parked, how, failures);
        store_->commit();
    } catch (...) {
        const bool given_up = hurry_ && !begun; // not "locked for too long"
        why = given_up ? closed() : std::current_exception();
        if (store_)
            store_->rollback();
        for (const auto& each : parked)
            each->take_back();
        drop_if_broken(why);
        if (offer_to_all_) // still
            plan_.told(std::chrono::steady_clock::now());
        if (begun && store_ && (how == undo::everything || all.size() > 1))
            return false;
    }
    if (why) {
        fail_all(std::move(all), std::move(why));
        return true;
    }
    offer_to_all_ = offer_to_all_ && !store_->may_write();
    tell(all, parked, std::move(failures));
    return true;
}

void writer::begin(const batch& all, bool offering) {
    open();
    auto needed = offering ? access::write : access::read;
    for (const auto& each : all)
        needed = std::max(needed, each->needed);
    store_->begin(needed);
    offer_to_all_ = store_->take_others_wrote() || offer_to_all_;
}

// Throws only if the transaction is lost. What waits is tried again at the end, the longest first, also what began to wait in
// this transaction: another may have brought it something. Those that only watch come last, and see what the others did.
void writer::perform_all(batch& all, batch& parked, undo how, std::vector<std::exception_ptr>& failures) {
    const auto perform_one = [&](operation& one, void (operation::*what)(store&)) -> std::exception_ptr {
        if (how == undo::parts)
            return perform_part(one, what);
        return perform_or_refuse(one, what);
    };
    const auto is_claim = [](const auto& each) { return each->is_claim(); };
    store_->claims_follow =
        how == undo::everything && (std::ranges::any_of(parked, is_claim) || (!all.empty() && all.back()->is_claim()));
    for (std::size_t i = 0; i < all.size(); ++i)
        failures[i] = perform_one(*all[i], &operation::perform);
    if (!store_->may_write() || (!offer_to_all_ && !store_->brought_work))
        return;
    store_->look_at_all = offer_to_all_;
    const auto try_again = [&](operation& one, std::exception_ptr& failure, bool watching) {
        if (!failure && one.waits() && one.watches() == watching)
            failure = perform_one(one, &operation::try_again);
    };
    do { // one that goes on may bring something for another that was tried before
        store_->brought_work = false;
        for (const bool watching : {false, true}) {
            for (std::size_t i = 0; i < parked.size(); ++i)
                try_again(*parked[i], failures[all.size() + i], watching);
            for (std::size_t i = 0; i < all.size(); ++i)
                try_again(*all[i], failures[i], watching);
        }
    } while (store_->brought_work);
}

// A full queue is found out before anything is changed; many may be refused while others are served.
std::exception_ptr writer::perform_or_refuse(operation& one, void (operation::*how)(store&)) {
    try {
        (one.*how)(*store_);
    } catch (const error& e) {
        if (e.code() != errc::full)
            throw;
        return std::current_exception();
    }
    return nullptr;
}

std::exception_ptr writer::perform_part(operation& one, void (operation::*how)(store&)) {
    store_->begin_part();
    try {
        (one.*how)(*store_);
    } catch (...) {
        if (!store_->in_transaction())
            throw;
        store_->undo_part();
        return std::current_exception();
    }
    store_->end_part();
    return nullptr;
}

// Afterwards those are parked that wait on, the longest first.
void writer::tell(batch& all, batch& parked, std::vector<std::exception_ptr> failures) {
    batch waiting;
    const auto tell_one = [&](std::shared_ptr<operation>& one, std::exception_ptr& failure) {
        if (!failure && one->waits())
            waiting.push_back(std::move(one));
        else
            done_.add(std::move(one), std::move(failure));
    };
    for (std::size_t i = 0; i < parked.size(); ++i)
        tell_one(parked[i], failures[all.size() + i]);
    for (std::size_t i = 0; i < all.size(); ++i)
        tell_one(all[i], failures[i]);
    parked = std::move(waiting);
    told_of_ = done_.size();
    done_.deliver();
}

// A file that was moved away is not written to any more: what it would acknowledge nobody would find.
void writer::open() {
    if (store_ && store_->has_moved())
        drop();
    if (store_)
        return;
    store_.emplace(options_, hurry_, alive_, side_work_);
    watch_.follow(store_->db.log_file());
    store_->db.on_logged([this] { log_is_written(); });
    plan_.be_told(watch_.is_on());
    offer_to_all_ = true; // it may be another file, with work that others have put there
}

void writer::drop() noexcept {
    watch_.stop();
    plan_.be_told(false);
    store_.reset();
}

// By this thread, within a transaction: what was told of others is over, and the rest is of this one.
void writer::log_is_written() {
    if (watch_.is_on() && !watch_.was_written())
        miss();
    else
        plan_.heard();
    plan_.settled();
}

void writer::miss() {
    plan_.missed();
    if (!plan_.is_told())
        watch_.stop();
}

// The next operation opens the file anew, in case somebody has put a sound one there.
void writer::drop_if_broken(const std::exception_ptr& why) {
    if (code_of(why) == errc::corrupt)
        drop();
}

} // namespace infra::queue::sqlite
