#include "src/child.hpp"
#include "src/command_tree.hpp"
#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/queue/queue.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>
#include <infra/testing/test_loop.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace infra::cli {
namespace {

using texts = std::vector<std::string>;

// The program itself, which is built beside its tests.
std::string folder_of_programs() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

void add_queues(const std::string& url, const texts& names) {
    const queue::queue jobs(queue::make_backend(url));
    for (const auto& each : names)
        wait(jobs.enqueue(each, json::value(1)));
    wait(jobs.stop(deadline::after(std::chrono::seconds(5))));
}

struct WrittenOut : ::testing::Test {
    WrittenOut() {
        std::ostringstream out, err;
        frame f(out, err);
        add_all(f);
        tree = tree_of(f);
    }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }
    std::string path(const std::string& name) const { return folder.path() + "/" + name; }

    child_end sh(std::string command, std::vector<std::pair<std::string, std::string>> variables = {}) {
        return loop.get(run_child(
            {.command = "cd " + folder.path() + "\n" + std::move(command), .variables = std::move(variables)}));
    }
    bool has(const std::string& program) { return sh("command -v " + program).exit_code == 0; }

    testing::test_loop loop;
    testing::temporary_folder folder;
    verb_in_tree tree;
};

// --- bash ---------------------------------------------------------------------------------------------------------

struct BashCompletion : WrittenOut {
    BashCompletion() { write("infra.bash", bash_completion_of(tree)); }

    /// What bash, that has parted a line into these words, is offered for the last of them.
    texts offered(const texts& words) {
        std::string command =
            "exec bash --norc --noprofile -c 'PATH=\"$PROGRAMS:$PATH\"; source infra.bash; COMP_WORDS=(\"$@\"); "
            "COMP_CWORD=$(($# - 1)); _infra; printf \"%s\\n\" \"${COMPREPLY[@]}\"' bash";
        for (const auto& each : words)
            command += " '" + each + "'";
        std::istringstream said(sh(command, {{"PROGRAMS", folder_of_programs()}}).out);
        texts found;
        for (std::string line; std::getline(said, line);)
            if (!line.empty())
                found.push_back(line);
        std::ranges::sort(found);
        return found;
    }
};

TEST_F(BashCompletion, IsSound) {
    const auto end = sh("bash -n infra.bash");
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(end.err, "");
}

TEST_F(BashCompletion, OffersVerbs) {
    EXPECT_EQ(offered({"infra", "st"}), texts{"storage"});
    EXPECT_EQ(offered({"infra", "queue", "re"}), (texts{"resume", "retry"}));
    EXPECT_EQ(offered({"infra", ""}).size(), tree.verbs.size());
    EXPECT_EQ(offered({"infra", "--json", "email", "outbox", "r"}), texts{"resend"});
    EXPECT_EQ(offered({"infra", "queue", "--url", "ls", "sho"}), texts{"show"}) << "a value is no verb";
}

TEST_F(BashCompletion, OffersTheOptionsOfAVerbAndOfThoseBeforeIt) {
    EXPECT_EQ(offered({"infra", "queue", "ls", "--st"}), texts{"--state"});
    EXPECT_EQ(offered({"infra", "queue", "ls", "--pre"}), texts{"--prefix"});
    EXPECT_EQ(offered({"infra", "queue", "ls", "--js"}), texts{"--json"});
    EXPECT_EQ(offered({"infra", "queue", "ls", "--strict"}), texts{});
}

TEST_F(BashCompletion, OffersChoices) {
    EXPECT_EQ(offered({"infra", "queue", "ls", "--state", "wai"}), (texts{"waiting", "waiting_children"}));
    EXPECT_EQ(offered({"infra", "config", "docs", "--format", "=", "m"}), texts{"markdown"});
    EXPECT_EQ(offered({"infra", "config", "docs", "--format", "="}), (texts{"env", "json", "markdown"}));
    EXPECT_EQ(offered({"infra", "completion", "z"}), texts{"zsh"});
    EXPECT_EQ(offered({"infra", "queue", "clean", "mail", "f"}), texts{"failed"}) << "in its place";
    EXPECT_EQ(offered({"infra", "queue", "ls", "--reason", "w"}), texts{}) << "anything goes there";
}

TEST_F(BashCompletion, OffersFilesWhereTheyAreMeant) {
    write("production.env", "");
    std::filesystem::create_directory(path("prints"));
    EXPECT_EQ(offered({"infra", "config", "check", "--env-file", "pr"}), (texts{"prints", "production.env"}));
    EXPECT_EQ(offered({"infra", "storage", "put", "prod"}), texts{"production.env"});
    EXPECT_EQ(offered({"infra", "storage", "put", "a", "prod"}), texts{}) << "a key";
    EXPECT_EQ(offered({"infra", "email", "render", "welcome", "--dir", "pr"}), texts{"prints"});
}

TEST_F(BashCompletion, AsksForTheNamesOfQueues) {
    const auto url = "sqlite:" + path("queue.db");
    add_queues(url, {"mail", "media", "photos"});
    EXPECT_EQ(offered({"infra", "queue", "stats", "--url", "sqlite", ":", path("queue.db"), "m"}),
              (texts{"mail", "media"}));
    EXPECT_EQ(offered({"infra", "queue", "stats", "--url", "=", "sqlite", ":", path("queue.db"), "p"}),
              texts{"photos"});
    EXPECT_EQ(offered({"infra", "queue", "rm", "--all", "--url", "sqlite", ":", path("queue.db"), "--queue", "p"}),
              texts{"photos"});
    EXPECT_EQ(offered({"infra", "queue", "stats", "--url", "sqlite", ":", path("none.db"), "m"}), texts{});
}

TEST_F(BashCompletion, AsksForTheNamesOfSeveralQueuesWhateverFilesThereAre) {
    const auto url = "sqlite:" + path("queue.db"); // which `queue*` would be, were it a pattern
    add_queues(url, {"mail"});
    EXPECT_EQ(offered({"infra", "queue", "doctor", "--url", "sqlite", ":", path("queue.db"), "m"}), texts{"mail"});
}

TEST_F(BashCompletion, NeverRunsTheNameOfAQueue) {
    const auto url = "sqlite:" + path("queue.db");
    add_queues(url, {"$(touch${IFS}ran)", "`touch${IFS}ran`", "mail;id", "${HOME}", "m*", "mail"});
    EXPECT_EQ(offered({"infra", "queue", "stats", "--url", "sqlite", ":", path("queue.db"), ""}), texts{"mail"});
    EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

// --- zsh, man -----------------------------------------------------------------------------------------------------

TEST_F(WrittenOut, IsSoundToZsh) {
    if (!has("zsh"))
        GTEST_SKIP() << "zsh is not installed";
    write("_infra", zsh_completion_of(tree));
    const auto end = sh("zsh -f -n _infra");
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(end.err, "");
}

// Types each line into a shell on a terminal of its own, presses the tabulator, and has it tell what then stands there.
constexpr std::string_view typing = R"zsh(
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell "fpath=($PWD \$fpath); autoload -Uz compinit; compinit -u -D; PS1="
zpty -w shell 'tell() { print -r -- "$BUFFER" >> told; BUFFER= }; zle -N tell; bindkey "^X" tell'
for line in "$@"; do
    zpty -w -n shell "$line"$'\t\x18'
done
while ! { [[ -e told ]] && (( $(wc -l < told) >= $# )) }; do
    zpty -r -t shell ignored
    sleep 0.05
done
cat told
)zsh";

TEST_F(WrittenOut, CompletesInZsh) {
    if (!has("zsh"))
        GTEST_SKIP() << "zsh is not installed";
    write("_infra", zsh_completion_of(tree));
    write("type.zsh", std::string(typing));
    write("note.md", "");
    const auto url = "sqlite:" + path("queue.db");
    add_queues(url, {"mail", "photos"});
    const auto end = sh("PATH=\"$PROGRAMS:$PATH\" exec timeout 60 zsh -f type.zsh 'infra que' 'infra queue ls --sta' "
                        "'infra completion z' 'infra storage put note' 'infra --json queue --url " +
                            url + " stats ph' 'infra queue stats --url " + url + " m'",
                        {{"PROGRAMS", folder_of_programs()}});
    EXPECT_EQ(end.out, "infra queue \n"
                       "infra queue ls --state \n"
                       "infra completion zsh \n"
                       "infra storage put note.md \n"
                       "infra --json queue --url " +
                           url + " stats photos \ninfra queue stats --url " + url + " mail \n");
}

struct ManPage : WrittenOut {
    ManPage() {
        text = man_page_of(tree, "1.2.3");
        write("infra.1", text);
    }
    std::string text;
};

TEST_F(ManPage, IsSoundToWhatFormatsIt) {
    if (!has("groff"))
        GTEST_SKIP() << "groff is not installed";
    const auto end = sh("groff -K utf8 -man -Tutf8 -ww -z infra.1");
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(end.err, "");
}

TEST_F(ManPage, IsSoundToWhatChecksIt) {
    if (!has("mandoc"))
        GTEST_SKIP() << "mandoc is not installed";
    // A page that goes with the program, whatever day it is, has no date.
    EXPECT_EQ(sh("mandoc -Tlint -Wwarning infra.1 | grep -v 'missing date'").out, "");
}

// As it is read: without what roff is told.
std::string formatted(const std::string& as_said) {
    std::string text = as_said;
    for (const auto* each : {"\\fB", "\\fI", "\\fR", "\\&"})
        for (auto at = text.find(each); at != std::string::npos; at = text.find(each, at))
            text.erase(at, std::string_view(each).size());
    for (auto at = text.find("\\-"); at != std::string::npos; at = text.find("\\-", at))
        text.replace(at, 2, "-");
    return text;
}

void expect_all(const verb_in_tree& verb, const std::string& page) {
    if (!verb.words.empty())
        EXPECT_TRUE(page.find(".SS \"" + verb.path() + " ") != std::string::npos ||
                    page.find(".SS \"" + verb.path() + "\"") != std::string::npos)
            << verb.path();
    for (const auto& option : verb.options)
        for (const auto& name : option.names)
            EXPECT_NE(page.find(name), std::string::npos) << verb.path() << " " << name;
    for (const auto& each : verb.verbs)
        expect_all(each, page);
}

TEST_F(ManPage, HasEveryVerbOptionAndExitCode) {
    const auto page = formatted(text);
    expect_all(tree, page);
    for (const auto& each : exit_codes())
        EXPECT_NE(
            page.find(".TP\n" + std::to_string(static_cast<int>(each.code)) + "\n" + std::string(each.meaning) + "\n"),
            std::string::npos);
    for (const auto* each : {"QUEUE_URL", "QUEUE_MOVE_TO", "INFRA_ADMIN_TOKEN", "NO_COLOR"})
        EXPECT_NE(page.find(".TP\n" + std::string(each) + "\n"), std::string::npos) << each;
}

// --- The verbs that print them --------------------------------------------------------------------------------------

TEST(WritingOut, PrintsWhatTheTreeSays) {
    std::ostringstream out, err;
    frame f(out, err);
    add_all(f);
    const auto said = [&](std::vector<std::string> words) {
        out.str("");
        EXPECT_EQ(f.run(std::move(words)), 0) << err.str();
        return out.str();
    };
    EXPECT_EQ(said({"completion", "bash"}), bash_completion_of(tree_of(f)));
    EXPECT_EQ(said({"completion", "zsh"}), zsh_completion_of(tree_of(f)));
    EXPECT_EQ(boost::json::parse(said({"completion", "zsh", "--json"})).at("shell").as_string(), "zsh");
    EXPECT_EQ(said({"man"}), man_page_of(tree_of(f), INFRA_VERSION));
    const auto document = boost::json::parse(said({"man", "--json"}));
    EXPECT_EQ(document.at("verbs").as_array().size(), tree_of(f).verbs.size());
    EXPECT_EQ(f.run({"completion", "fish"}), 2);
}

} // namespace
} // namespace infra::cli
