"""What the choosing side shows the public, in both languages."""

from modeltranslation.translator import TranslationOptions, register

from .models import Pool


@register(Pool)
class PoolTranslation(TranslationOptions):
    fields = ("void_reason",)
