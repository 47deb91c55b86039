#include "seeds.hpp"

#include <fstream>

namespace infra::dashboard::service {
namespace {

void write(const std::filesystem::path& file, std::string_view text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
}

awaitable<void> send_some(wishes w) {
    const json::object data{{"name", word(w, 0, "Ann")}, {"order", word(w, 1, "8812")}};
    co_await email::send_email({.to = "ann@example.org", .template_name = "welcome", .data = data});
    co_await email::send_email(
        {.to = email::address::named(word(w, 2, "Bo Lee"), "bo@example.org"),
         .subject = word(w, 3, "Your invoice"),
         .template_name = "invoice",
         .data = data,
         .attachments = {{.filename = word(w, 5, "invoice.txt"), .content = word(w, 6, "12.00")}},
         .headers = {{"X-Campaign", word(w, 7, "autumn")}}});
    try { // a template that only a provider has: one that fails
        co_await email::send_email(
            {.to = "cy@example.org", .subject = word(w, 8, "Lost"), .hosted = email::hosted_template{.id = "tmpl"}});
    } catch (const email::send_error&) {
    }
}

} // namespace

void seed_mail(seeding& s) {
    const auto emails = s.folder / "emails";
    write(emails / "welcome.md", "---\nsubject: Welcome, {{name}}\npreheader: Your account is ready\n---\n"
                                 "Hi **{{name}}**, [sign in](https://shop.example/login).\n");
    write(emails / "welcome.json", R"({"name":"Ann"})");
    write(emails / "de/welcome.md", "---\nsubject: Willkommen\n---\nHallo {{name}}\n");
    write(emails / "invoice.md",
          "---\nsubject: Invoice {{order}}\n---\n# Invoice {{order}}\n\nFor {{name}}, {{missing}}.\n");
    s.later([w = s.wishes] { return send_some(w); });
}

} // namespace infra::dashboard::service
