"""pypdf's reading of a PDF: lines without places. Slow, and asked only where it is needed."""

from __future__ import annotations

from io import BytesIO
from time import process_time

import pypdf

from ingest.pdf_lines import Line
from ingest.pdf_reading import MAX_PAGES, Reading, check_count, properties
from rag.errors import ReadError

SECOND_OPINION_S = 12  # of processor time, below the sandbox's limit: about 200 Arabic pages


def read_pypdf(data: bytes, wanted: list[int] | None) -> Reading:
    """pypdf's text of the wanted pages, all of them where `wanted` is None."""
    reading = Reading()
    try:
        with pypdf.apply_configuration(
            maximum_declared_stream_length=50_000_000,
            zlib_maximum_output_length=50_000_000,
            image_maximum_buffer_size=10_000_000,
            page_tree_maximum_entries=MAX_PAGES,
            xform_maximum_invocations_per_extraction=1_000,
            jbig2dec_binary=None,
        ):
            reader = pypdf.PdfReader(BytesIO(data), strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                raise ReadError("needs a password")
            reading.count = len(reader.pages)
            check_count(reading.count)
            if wanted is None:
                reading.metadata = properties(dict(reader.metadata or {}))
                reading.labels = dict(enumerate(reader.page_labels))
            stop = process_time() + SECOND_OPINION_S
            for index in range(reading.count) if wanted is None else wanted:
                if wanted is not None and process_time() > stop:
                    break
                text = reader.pages[index].extract_text() if index < reading.count else ""
                lines = (line.strip() for line in text.splitlines())
                reading.pages[index] = [Line(line) for line in lines if line]
    except (MemoryError, ReadError):
        raise
    except Exception as exc:  # a damaged file makes pypdf raise anything
        raise ReadError(f"is damaged: {type(exc).__name__}: {str(exc)[:160]}") from exc
    return reading
