#include "src/request_table.hpp"

#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace infra::realtime::detail {
namespace {

using testing::outcome;

class Requests : public ::testing::Test {
protected:
    struct question {
        std::shared_ptr<request_table::entry> asked;
        std::shared_ptr<outcome<json::value>> answer;
    };
    question ask(const client_id& whom) {
        // new: an entry can be neither copied nor moved.
        auto asked =
            std::shared_ptr<request_table::entry>(new request_table::entry(table.ask(whom, loop.get_executor())));
        auto answer = loop.spawn(asked->answer());
        return {std::move(asked), std::move(answer)};
    }

    testing::test_loop loop;
    request_table table{3};
};

TEST_F(Requests, GetTheAnswerThatCarriesTheirRef) {
    const auto first = ask("anna"), second = ask("anna");
    table.answered("anna", second.asked->ref(), "two");
    table.answered("anna", first.asked->ref(), "one");
    loop.settle();
    EXPECT_EQ(first.answer->value, json::value("one"));
    EXPECT_EQ(second.answer->value, json::value("two"));
}

TEST_F(Requests, AreAnsweredByNobodyElseAndNotTwice) {
    const auto asked = ask("anna");
    table.answered("bert", asked.asked->ref(), "bert's");
    for (const auto* ref : {"", "x", "1x", "-1", "99", "18446744073709551616", " 1"})
        table.answered("anna", ref, "no ref");
    loop.settle();
    EXPECT_FALSE(asked.answer->done());
    table.answered("anna", asked.asked->ref(), "anna's");
    table.answered("anna", asked.asked->ref(), "again");
    loop.settle();
    EXPECT_EQ(asked.answer->value, json::value("anna's"));
}

TEST_F(Requests, ThrowWhatTheClientSaysIsWrong) {
    const auto told = ask("anna"), silent = ask("anna");
    table.failed("anna", told.asked->ref(), {{"code", "sold_out"}, {"message", "no seats are left"}});
    table.failed("anna", silent.asked->ref(), 7);
    loop.settle();
    const auto name_of = [](const question& q) {
        try {
            std::rethrow_exception(q.answer->failure);
        } catch (const failure& f) {
            return f.name() + ": " + f.what();
        }
    };
    EXPECT_EQ(name_of(told), "sold_out: no seats are left");
    EXPECT_EQ(name_of(silent), "error: the client says no");
}

TEST_F(Requests, EndWithTheirClient) {
    const auto annas = ask("anna"), also = ask("anna"), berts = ask("bert");
    table.client_gone("anna");
    loop.settle();
    EXPECT_EQ(annas.answer->code(), errc::no_reply);
    EXPECT_EQ(also.answer->code(), errc::no_reply);
    EXPECT_FALSE(berts.answer->done());
    EXPECT_EQ(table.size(), 1u);
}

TEST_F(Requests, AreBoundedAndMakeRoomWhenTheyEnd) {
    auto a = ask("a"), b = ask("b"), c = ask("c");
    EXPECT_EQ(code_of([&] {
                  try {
                      ask("d");
                  } catch (...) {
                      return std::current_exception();
                  }
                  return std::exception_ptr();
              }()),
              infra::errc::overloaded);
    a.asked.reset();
    EXPECT_NO_THROW(ask("d"));
    EXPECT_EQ(table.size(), 2u);
}

} // namespace
} // namespace infra::realtime::detail
