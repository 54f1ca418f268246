"""JSON: data of a photo service, all content."""


def make():
    yield "json/clean.json", b"""{
  "title": "KEEPME.jpg",
  "photoTakenTime": {"timestamp": "1706715901"},
  "geoData": {"latitude": 52.5200001, "longitude": 13.4050001, "altitude": 0.0},
  "people": [{"name": "KEEPME Anna"}, {"name": "KEEPME Bob"}]
}
"""
