"""The fields that the public reads, in both languages."""

from modeltranslation.translator import TranslationOptions, register

from .models import (
    AcceptanceCriterion,
    Amendment,
    CannedReply,
    EvaluationCriterion,
    Opportunity,
    Question,
    RegistryEntry,
    Skill,
)


@register(Opportunity)
class OpportunityTranslation(TranslationOptions):
    fields = ("title", "short_description", "background", "work", "deliverables", "ending_reason")


@register(Skill)
class SkillTranslation(TranslationOptions):
    fields = ("name",)


@register((EvaluationCriterion, AcceptanceCriterion))
class CriterionTranslation(TranslationOptions):
    fields = ("text",)


@register(Question)
class QuestionTranslation(TranslationOptions):
    fields = ("public_question", "answer")


@register(Amendment)
class AmendmentTranslation(TranslationOptions):
    fields = ("reason",)


@register(RegistryEntry)
class RegistryEntryTranslation(TranslationOptions):
    fields = ("name", "what_it_does", "tags")


@register(CannedReply)
class CannedReplyTranslation(TranslationOptions):
    fields = ("title", "text")
