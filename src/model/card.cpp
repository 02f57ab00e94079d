#include "model/card.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "io/json_text.hpp"

namespace saccade {

Card::Card() : document_(std::make_unique<nlohmann::json>(nlohmann::json::object())) {}

Card::Card(nlohmann::json document, const std::string& where)
    : document_(std::make_unique<nlohmann::json>(std::move(document))) {
    if (!document_->is_object())
        throw Error(ErrorCode::bad_format, where + ": the model card is not a JSON object", "repair or remove it");
}

Card Card::parse(const std::string& text, const std::string& where) {
    return Card(parse_json(text, where + ": the model card", "repair or remove it"), where);
}

Card::Card(const Card& other) : document_(std::make_unique<nlohmann::json>(*other.document_)) {}
Card::Card(Card&& other) noexcept = default;
Card& Card::operator=(Card other) noexcept {
    document_ = std::move(other.document_);
    return *this;
}
Card::~Card() = default;

void Card::overlay(const Card& other) {
    document_->update(*other.document_);
}

std::string Card::text(const char* key, const std::string& otherwise) const {
    const auto found = document_->find(key);
    return found != document_->end() && found->is_string() ? found->get<std::string>() : otherwise;
}

std::string Card::id() const {
    return text("id", "");
}

std::string Card::title(const std::string& otherwise) const {
    return text("title", otherwise);
}

std::string Card::licence() const {
    return text("licence", "");
}

std::optional<double> Card::metric(const std::string& name) const {
    const auto metrics = document_->find("metrics");
    if (metrics == document_->end() || !metrics->is_object()) return std::nullopt;
    const auto found = metrics->find(name);
    return found == metrics->end() ? std::nullopt : number_in(*found);
}

}  // namespace saccade
