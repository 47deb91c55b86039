#include "src/sqlite/verbs.hpp"
#include "src/sqlite/writer.hpp"

#include "support.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/use_future.hpp>

#include <atomic>
#include <fstream>
#include <future>

namespace infra::queue::tests {
namespace {

using sqlite::access;
using sqlite::query;
using sqlite::store;
using sqlite::writer;

// What an operation does, as a function.
class scripted final : public sqlite::operation {
public:
    scripted(const executor& ex, access needed, std::function<void(store&)> what, std::size_t payload_bytes = 0,
             bool always = false)
        : operation(ex, needed, payload_bytes, always), what_(std::move(what)) {}
    void perform(store& s) override { what_(s); }

private:
    std::function<void(store&)> what_;
};

// Waits until a queue named "work" is there.
class looking_for_work final : public sqlite::operation {
public:
    explicit looking_for_work(const executor& ex) : operation(ex, access::write, 0, true) {}
    void perform(store& s) override { found_ = s.queues.find("work"); }
    bool waits() const noexcept override { return !found_; }
    bool may_go_on(store& s) override { return s.queues.find("work"); }

private:
    bool found_ = false;
};

// What it failed with; empty if it did not.
awaitable<std::string> end_of(std::shared_ptr<sqlite::operation> work) {
    try {
        co_await work->delivered();
    } catch (...) {
        co_return describe(std::current_exception());
    }
    co_return "";
}

class SqliteWriter : public ::testing::Test {
protected:
    SqliteWriter() {
        callers.start();
        open({});
    }

    void open(sqlite_options options) {
        options.file = folder / "queue.db";
        w.emplace(options);
    }

    std::future<std::string> post(access needed, std::function<void(store&)> what, std::size_t bytes = 0) {
        return post(std::make_shared<scripted>(callers.get_executor(), needed, std::move(what), bytes));
    }

    std::future<std::string> post(std::shared_ptr<sqlite::operation> work) {
        w->post(work);
        return asio::co_spawn(callers.get_executor(), end_of(std::move(work)), asio::use_future);
    }

    /// Keeps the thread inside an operation until the promise is kept, so that others gather behind it.
    std::promise<void> hold() {
        std::promise<void> gate, entered;
        auto inside = entered.get_future();
        // shared: std::function copies
        post(access::read,
             [open = gate.get_future().share(), e = std::make_shared<std::promise<void>>(std::move(entered))](store&) {
                 e->set_value();
                 open.wait();
             });
        inside.wait();
        return gate;
    }

    static void insert(store& s, const std::string& name) {
        query(s.db, "INSERT INTO infra_queues (name) VALUES (?1)").bind(name).run();
    }

    std::string names() {
        return ask(folder / "queue.db",
                   "SELECT group_concat(name, ' ') FROM (SELECT name FROM infra_queues ORDER BY name)");
    }

    /// Commits that stand in the write-ahead log: frames that carry the size of the database.
    std::size_t commits() {
        std::ifstream log(folder / "queue.db-wal", std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
        std::size_t count = 0;
        for (std::size_t at = 32; at + 24 + 4096 <= bytes.size(); at += 24 + 4096)
            count += bytes.substr(at + 4, 4) != std::string(4, '\0');
        return count;
    }

    temporary_folder folder;
    event_loop callers{"callers"};
    std::optional<writer> w;
};

TEST_F(SqliteWriter, PerformsWhatWaitsInOneTransaction) {
    post(access::write, [](store& s) { insert(s, "first"); }).wait();
    const auto before = commits();
    auto gate = hold();
    std::vector<std::future<std::string>> ends;
    for (int i = 0; i < 30; ++i)
        ends.push_back(post(access::write_durably, [i](store& s) { insert(s, std::to_string(i)); }));
    gate.set_value();
    for (auto& each : ends)
        EXPECT_EQ(each.get(), "");
    EXPECT_EQ(commits(), before + 1);
}

// So that those who are told have something to do while the others are served.
TEST_F(SqliteWriter, TakesHalfOfManyThatWait) {
    post(access::write, [](store& s) { insert(s, "first"); }).wait();
    const auto before = commits();
    auto gate = hold();
    std::vector<std::future<std::string>> ends;
    for (int i = 0; i < 100; ++i)
        ends.push_back(post(access::write_durably, [i](store& s) { insert(s, std::to_string(i)); }));
    gate.set_value();
    for (auto& each : ends)
        EXPECT_EQ(each.get(), "");
    EXPECT_EQ(commits(), before + 2);
}

TEST_F(SqliteWriter, UndoesAnOperationThatFailsAndNoOther) {
    auto gate = hold();
    auto a = post(access::write, [](store& s) { insert(s, "a"); });
    auto b = post(access::write, [](store& s) {
        insert(s, "b");
        throw std::runtime_error("changed its mind");
    });
    auto c = post(access::write, [](store& s) {
        insert(s, "c");
        insert(s, "a");
    });
    auto d = post(access::write, [](store& s) { insert(s, "d"); });
    gate.set_value();
    EXPECT_EQ(a.get(), "");
    EXPECT_EQ(b.get(), "changed its mind");
    EXPECT_NE(c.get().find("UNIQUE constraint failed"), std::string::npos);
    EXPECT_EQ(d.get(), "");
    EXPECT_EQ(names(), "a d");
}

TEST_F(SqliteWriter, TakesBackWhatAFailedOperationCounted) {
    auto gate = hold();
    auto failed = post(access::write, [](store& s) {
        s.queues.added(s.queues.get(s.db, "undone"), job_state::waiting);
        s.queues.added(s.queues.get(s.db, "kept"), job_state::waiting);
        throw std::runtime_error("no");
    });
    auto done = post(access::write, [](store& s) {
        EXPECT_EQ(s.queues.find("undone"), nullptr);
        s.queues.added(s.queues.get(s.db, "kept"), job_state::waiting);
    });
    gate.set_value();
    EXPECT_EQ(failed.get(), "no");
    EXPECT_EQ(done.get(), "");
    EXPECT_EQ(names(), "kept");
    EXPECT_EQ(ask(folder / "queue.db", "SELECT waiting FROM infra_queues"), "1");
}

TEST_F(SqliteWriter, SavesTheCountsOfThoseQueuesAloneThatChanged) {
    const auto count_two = [](store& s) {
        for (const auto* name : {"quiet", "busy"})
            s.queues.added(s.queues.get(s.db, name), job_state::waiting);
    };
    post(access::write, count_two).wait();
    const auto changes = [this](access needed, std::function<void(store&)> what) {
        std::int64_t before = 0, after = 0;
        const auto total = [](store& s) {
            query q(s.db, "SELECT total_changes()");
            q.step();
            return q.integer(0);
        };
        post(needed, [&](store& s) { before = total(s), what(s); }).wait();
        post(access::read, [&](store& s) { after = total(s); }).wait();
        return after - before;
    };
    EXPECT_EQ(changes(access::write, [](store& s) { s.queues.added(*s.queues.find("busy"), job_state::waiting); }), 1);
    EXPECT_EQ(changes(access::write, [](store&) {}), 0);
    EXPECT_EQ(ask(folder / "queue.db", "SELECT group_concat(name || waiting) FROM infra_queues"), "quiet1,busy2");
}

TEST_F(SqliteWriter, RepeatsTheOthersWhenOneLosesTheWholeTransaction) {
    auto gate = hold();
    auto a = post(access::write, [](store& s) { insert(s, "a"); });
    auto b = post(access::write, [](store& s) {
        insert(s, "b");
        s.db.execute("ROLLBACK"); // as SQLite does by itself when the disk is full
        throw std::runtime_error("lost it");
    });
    auto c = post(access::write, [](store& s) { insert(s, "c"); });
    gate.set_value();
    EXPECT_EQ(a.get(), "");
    EXPECT_EQ(b.get(), "lost it");
    EXPECT_EQ(c.get(), "");
    EXPECT_EQ(names(), "a c");
}

TEST_F(SqliteWriter, StoresTheRestWhenOneFillsTheDisk) {
    post(access::write, [](store& s) { s.db.execute("PRAGMA max_page_count = 60"); }).wait();
    auto gate = hold();
    const auto add = [&](std::string id, std::size_t bytes) {
        auto job = make_job(std::move(id));
        job.data = std::string(bytes, 'x');
        return post(access::write_durably, [job](store& s) { sqlite::enqueue(s, {job}); });
    };
    auto before = add("before", 10), large = add("large", 1 << 20), behind = add("behind", 10);
    gate.set_value();
    EXPECT_EQ(before.get(), "");
    EXPECT_NE(large.get().find("cannot grow: database or disk is full; nothing of this was stored"), std::string::npos);
    EXPECT_EQ(behind.get(), "");
    EXPECT_EQ(ask(folder / "queue.db", "SELECT group_concat(id) FROM infra_jobs"), "before,behind");
    expect_sound(folder / "queue.db");
}

TEST_F(SqliteWriter, SyncsEachCommitOnlyForWhatMustSurviveAPowerCut) {
    std::string under_full[2], under_normal[2];
    const auto level = [](std::string& into) {
        return [&into](store& s) {
            query q(s.db, "PRAGMA synchronous");
            q.step();
            into = q.text(0);
        };
    };
    open({.durability = durability::full});
    post(access::write_durably, level(under_full[0])).wait();
    post(access::write, level(under_full[1])).wait();
    open({.durability = durability::normal});
    post(access::write_durably, level(under_normal[0])).wait();
    post(access::write, level(under_normal[1])).wait();
    EXPECT_EQ(under_full[0], "2");
    EXPECT_EQ(under_full[1], "1");
    EXPECT_EQ(under_normal[0], "1");
    EXPECT_EQ(under_normal[1], "1");
}

TEST_F(SqliteWriter, GivesWhatComesInATransactionToThoseWhoBeganToWaitInIt) {
    auto gate = hold();
    auto end = post(std::make_shared<looking_for_work>(callers.get_executor()));
    post(access::write, [](store& s) {
        s.queues.get(s.db, "work");
        s.brought_work = true;
    });
    gate.set_value();
    ASSERT_EQ(end.wait_for(30s), std::future_status::ready) << "it waits for another transaction";
    EXPECT_EQ(end.get(), "");
}

TEST_F(SqliteWriter, TellsThoseWhoWaitOfWorkThatAReaderWasTheFirstToNotice) {
    auto end = post(std::make_shared<looking_for_work>(callers.get_executor()));
    post(access::write, [](store&) {}).wait();
    auto gate = hold(); // so that it is the reader
    auto reader = post(access::read, [](store&) {});
    ask(folder / "queue.db", "INSERT INTO infra_queues (name) VALUES ('work')");
    gate.set_value();
    reader.wait();
    post(access::write, [](store&) {}).wait();
    ASSERT_EQ(end.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(end.get(), "");
}

// With this poll it would look in a minute.
TEST_F(SqliteWriter, IsToldOfWhatAnotherProcessWrites) {
    open({.poll = 1min, .look_for_dead = 0ms});
    auto end = post(std::make_shared<looking_for_work>(callers.get_executor()));
    post(access::write, [](store&) {}).wait();
    ask(folder / "queue.db", "INSERT INTO infra_queues (name) VALUES ('work')");
    ASSERT_EQ(end.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(end.get(), "");
}

// Their write to the log is told of long before their transaction can be seen.
TEST_F(SqliteWriter, WaitsForATransactionOfOthersThatTakesLong) {
    open({.look_for_dead = 0ms});
    auto end = post(std::make_shared<looking_for_work>(callers.get_executor()));
    post(access::write, [](store&) {}).wait();
    opened_file other(folder / "queue.db");
    other.ask("PRAGMA cache_size = 1");
    other.ask("BEGIN IMMEDIATE");
    other.ask("INSERT INTO infra_queues (name) VALUES ('work')");
    other.ask("CREATE TABLE large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
              "SELECT randomblob(500) FROM n"); // so that pages go to the log
    EXPECT_EQ(end.wait_for(50ms), std::future_status::timeout);
    other.ask("COMMIT");
    ASSERT_EQ(end.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(end.get(), "");
}

// The log lies beside the file, not beside the link.
TEST_F(SqliteWriter, IsToldOfWritesToAFileThatALinkLeadsTo) {
    std::filesystem::create_directory(folder / "elsewhere");
    std::filesystem::create_symlink("elsewhere/real.db", folder / "queue.db");
    open({.poll = 1min, .look_for_dead = 0ms});
    auto end = post(std::make_shared<looking_for_work>(callers.get_executor()));
    post(access::write, [](store&) {}).wait();
    ask(folder / "elsewhere/real.db", "INSERT INTO infra_queues (name) VALUES ('work')");
    ASSERT_EQ(end.wait_for(30s), std::future_status::ready);
    EXPECT_EQ(end.get(), "");
}

TEST_F(SqliteWriter, RefusesMoreThanMayWait) {
    open({.max_waiting = 2, .max_waiting_bytes = 100});
    auto gate = hold();
    auto first = post(access::read, [](store&) {}, 90);
    EXPECT_THROW(post(access::read, [](store&) {}, 20), error) << "bytes";
    auto second = post(access::read, [](store&) {}, 10);
    EXPECT_THROW(post(access::read, [](store&) {}), error) << "operations";
    auto end =
        post(std::make_shared<scripted>(callers.get_executor(), access::read, [](store&) {}, std::size_t{1000}, true));
    gate.set_value();
    EXPECT_EQ(first.get(), "");
    EXPECT_EQ(second.get(), "");
    EXPECT_EQ(end.get(), "");
}

TEST_F(SqliteWriter, TakesOneThatIsLargerThanTheBoundWhenNothingWaits) {
    open({.max_waiting_bytes = 10});
    EXPECT_EQ(post(access::read, [](store&) {}, 1000).get(), "");
}

// Whatever the thread does at that moment: it sleeps, has taken it, performs it or has parked it.
TEST_F(SqliteWriter, GivesBackWhatIsWithdrawnAtAnyMoment) {
    std::vector<std::future<std::string>> ends;
    for (int i = 0; i < 5000; ++i) {
        const auto one = std::make_shared<looking_for_work>(callers.get_executor());
        const auto ticket = w->post(one);
        ends.push_back(asio::co_spawn(callers.get_executor(), end_of(one), asio::use_future));
        for (std::atomic<int> turns = i % 500 * 20; turns > 0; --turns) {
        }
        w->withdraw(ticket);
    }
    for (auto& end : ends) {
        ASSERT_EQ(end.wait_for(30s), std::future_status::ready) << "it waits on";
        EXPECT_NE(end.get(), "");
    }
}

TEST_F(SqliteWriter, FailsWhatWaitsWhenAbandoned) {
    auto gate = hold();
    auto waiting = post(access::write, [](store& s) { insert(s, "a"); });
    w->abandon();
    gate.set_value();
    EXPECT_EQ(waiting.get(), "the queue's storage was stopped and does nothing more");
    EXPECT_THROW(post(access::read, [](store&) {}), error);
}

} // namespace
} // namespace infra::queue::tests
