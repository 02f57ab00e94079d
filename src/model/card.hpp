#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace saccade {

/// A model's card: data, licence, design, the command line that trained it, metrics. A JSON object; its text is
/// for people, and what the program asks has a question here or is read by the type that wrote it (designs, vocabularies).
class Card {
 public:
    Card();  // {}
    /// Error{bad_format} "WHERE: ..." if it is not an object.
    explicit Card(nlohmann::json document, const std::string& where = "model card");
    /// Error{bad_format} as above, and if it is not JSON.
    static Card parse(const std::string& text, const std::string& where);
    Card(const Card& other);
    Card(Card&& other) noexcept;
    Card& operator=(Card other) noexcept;
    ~Card();

    /// Entries of the other card replace those of the same name.
    void overlay(const Card& other);

    /// The model that these weights are of ("dates"); empty if the card does not say.
    std::string id() const;
    std::string title(const std::string& otherwise) const;
    std::string licence() const;
    /// A metric as `saccade eval` names it, measured on held-out data.
    std::optional<double> metric(const std::string& name) const;

    const nlohmann::json& json() const { return *document_; }
    nlohmann::json& json() { return *document_; }

 private:
    std::string text(const char* key, const std::string& otherwise) const;

    std::unique_ptr<nlohmann::json> document_;
};

}  // namespace saccade
