#include "support.hpp"

namespace infra::queue::tests {
namespace {

TEST(SqliteUrl, NamesAFileAndADurability) {
    const struct {
        const char* url;
        const char* file;
        durability kept;
    } cases[] = {
        {"sqlite:var/queue.db", "var/queue.db", durability::full},
        {"sqlite:queue.db", "queue.db", durability::full},
        {"sqlite:/var/lib/queue.db", "/var/lib/queue.db", durability::full},
        {"sqlite:///var/lib/queue.db", "/var/lib/queue.db", durability::full},
        {"sqlite:queue.db?durability=full", "queue.db", durability::full},
        {"sqlite:queue.db?durability=normal", "queue.db", durability::normal},
        {"sqlite:my%20queue%3F.db", "my queue?.db", durability::full},
    };
    for (const auto& each : cases) {
        const auto options = parse_sqlite_url(each.url);
        EXPECT_EQ(options.file, each.file) << each.url;
        EXPECT_EQ(options.durability, each.kept) << each.url;
    }
}

TEST(SqliteUrl, RefusesWhatIsNotOne) {
    for (const auto* url :
         {"", "sqlite", "sqlite:", "sqlite://host/queue.db", "sqlite:dir/", "sqlite:a.db?durability=none",
          "sqlite:a.db?", "sqlite:a.db?x=1", "sqlite:a%2.db", "sqlite:a%00.db", "mysql:a.db"}) {
        try {
            parse_sqlite_url(url);
            FAIL() << url;
        } catch (const error& e) {
            EXPECT_EQ(e.code(), infra::errc::misconfigured) << url;
        }
    }
}

TEST(SqliteUrl, MakesABackendWithoutTouchingTheFile) {
    const temporary_folder folder;
    const auto stored = make_backend("sqlite:" + (folder / "queue.db").string());
    EXPECT_EQ(stored->description(), "sqlite:" + (folder / "queue.db").string());
    EXPECT_FALSE(std::filesystem::exists(folder / "queue.db"));
}

TEST(SqliteOptions, RefuseWhatIsOutOfRangeByName) {
    const auto refusal = [](sqlite_options options) -> std::string {
        try {
            make_sqlite_backend(std::move(options));
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal({}), "accepted");
    EXPECT_EQ(refusal({.file = ""}), "queue::sqlite_options::file must name a file");
    EXPECT_EQ(refusal({.busy_timeout = -1ms}), "queue::sqlite_options::busy_timeout must be from 0 to 1 hour");
    EXPECT_EQ(refusal({.poll = 0ms}), "queue::sqlite_options::poll must be from 1 ms to 1 minute");
    EXPECT_EQ(refusal({.look_for_dead = -1ms}), "queue::sqlite_options::look_for_dead must be from 0 to 1 minute");
    EXPECT_EQ(refusal({.max_file_bytes = 1}), "queue::sqlite_options::max_file_bytes must be 0 or at least 64 KiB");
    EXPECT_EQ(refusal({.log_bytes = 1}), "queue::sqlite_options::log_bytes must be from 64 KiB to 64 GiB");
    EXPECT_EQ(refusal({.max_waiting = 0}), "queue::sqlite_options::max_waiting must be at least 1");
    EXPECT_EQ(refusal({.max_waiting_bytes = 0}), "queue::sqlite_options::max_waiting_bytes must be at least 1");
}

} // namespace
} // namespace infra::queue::tests
