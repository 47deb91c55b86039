// bull-board, the dashboard, on a queue that only we work on.

#include "fleet.hpp"

namespace infra::queue::interop {
namespace {

class QueueInteropBoard : public QueueInterop {};

TEST_P(QueueInteropBoard, ListsRetriesAndPromotesOurJobs) {
    us->handle("mail", "work", [](json::value, job_context& job) -> awaitable<json::value> {
        co_await job.log("began");
        if (job.fence() == 1 && job.id() == "bad")
            throw std::runtime_error("zu groß");
        co_return json::object{{"size", 3}};
    });
    us->add("mail", "work", {{"n", 1}}, {.id = "good"});
    us->add("mail", "work", {{"n", 2}}, {.id = "bad"});
    us->work();
    ASSERT_TRUE(until(
        [&] { return us->info("mail", "bad")->state == job_state::failed && us->info("mail", "good")->finished_at; }));
    us->stop_work();
    us->add("mail", "work", {{"n", 3}}, {.delay = 1h, .id = "late"});
    us->add("mail", "work", {{"n", 4}}, {.priority = 2, .id = "soon"});
    says("kept.board = await board('mail')");
    EXPECT_EQ(says(R"js(
        const { body: { queues: [mail] } } = await kept.board("get", "/api/queues", { query: { activeQueue: "mail", page: "1", jobsPerPage: "10", status: "latest" } });
        const { waiting, prioritized, delayed, completed, failed } = mail.counts;
        return [mail.name, { waiting, prioritized, delayed, completed, failed }, mail.isPaused, mail.jobs.map(({ id, data, isFailed, failedReason }) => [id, data.n, isFailed, failedReason ?? ""]).sort()];
    )js"),
              R"(["mail",{"waiting":0,"prioritized":1,"delayed":1,"completed":1,"failed":1},false,)"
              R"([["bad",2,true,"zu groß"],["good",1,false,""],["late",3,false,""],["soon",4,false,""]]])");
    EXPECT_EQ(says(R"js(
        const on = (jobId) => ({ params: { queueName: "mail", jobId } });
        const { body: { job: good, status } } = await kept.board("get", "/api/queues/:queueName/:jobId", on("good"));
        const { body: logs } = await kept.board("get", "/api/queues/:queueName/:jobId/logs", on("good"));
        const retried = await kept.board("put", "/api/queues/:queueName/:jobId/retry", on("bad"));
        const promoted = await kept.board("put", "/api/queues/:queueName/:jobId/promote", on("late"));
        return [good.returnValue, status, logs.length, retried.status, promoted.status, await state("mail", "bad"), await state("mail", "late")];
    )js"),
              R"([{"size":3},"completed",1,204,204,"waiting","waiting"])");
    us->work();
    EXPECT_TRUE(until([&] { return us->await(us->jobs.counts({"mail"})).at(0).completed == 4; }));
}

INSTANTIATE_TEST_SUITE_P(Bullmq, QueueInteropBoard, both_versions, version_name);

} // namespace
} // namespace infra::queue::interop
