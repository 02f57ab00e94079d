#include <fmt/format.h>

#include "base/error.hpp"
#include "checkpoint/token_model.hpp"

#ifdef SACCADE_SENTENCEPIECE
#include <sentencepiece_processor.h>
#endif

namespace saccade {

#ifdef SACCADE_SENTENCEPIECE

namespace {

class SentencePieceModel final : public TokenModel {
 public:
    SentencePieceModel(std::unique_ptr<sentencepiece::SentencePieceProcessor> processor, TokenTable table, bool own,
                       Index unknown)
        : TokenModel(std::move(table)), processor_(std::move(processor)), own_(own), unknown_(unknown) {}

    void tokenize(std::string_view piece, std::vector<Index>& ids) const override {
        const absl::string_view text(piece.data(), piece.size());
        if (own_) {
            for (const int id : processor_->EncodeAsIds(text)) ids.push_back(id);
            return;
        }
        for (const std::string& part : processor_->EncodeAsPieces(text)) ids.push_back(table().id(part).value_or(unknown_));
    }

    std::vector<std::string> controls() const {
        std::vector<std::string> names;
        for (int id = 0; id < processor_->GetPieceSize(); ++id)
            if (processor_->IsControl(id) || processor_->IsUnknown(id)) names.push_back(processor_->IdToPiece(id));
        return names;
    }

 private:
    std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
    bool own_;
    Index unknown_;
};

}  // namespace

std::unique_ptr<const TokenModel> make_sentence_piece(const std::string& bytes, TokenTable* vocabulary,
                                                      const std::string& where) {
    auto processor = std::make_unique<sentencepiece::SentencePieceProcessor>();
    if (!processor->LoadFromSerializedProto(bytes).ok())
        throw Error(ErrorCode::bad_format, where + ": not a SentencePiece model", "the file is damaged");
    TokenTable table;
    if (vocabulary != nullptr)
        table = std::move(*vocabulary);
    else
        for (int id = 0; id < processor->GetPieceSize(); ++id) table.add(processor->IdToPiece(id), id, where);
    const auto unknown = table.id(processor->IdToPiece(processor->unk_id()));
    if (!unknown)
        throw Error(ErrorCode::bad_format, where + ": the vocabulary has no token for what is unknown",
                    "the vocabulary belongs to another tokenizer");
    return std::make_unique<SentencePieceModel>(std::move(processor), std::move(table), vocabulary == nullptr, *unknown);
}

std::vector<std::string> sentence_piece_controls(const TokenModel& model) {
    return dynamic_cast<const SentencePieceModel&>(model).controls();
}

#else

std::unique_ptr<const TokenModel> make_sentence_piece(const std::string&, TokenTable*, const std::string& where) {
    throw Error(ErrorCode::unsupported, where + ": this Saccade was built without libsentencepiece",
                "use a folder that has tokenizer.json");
}

std::vector<std::string> sentence_piece_controls(const TokenModel&) {
    return {};
}

#endif

}  // namespace saccade
