"""What people see in a browser: in this version the front page, which shows the goods and says where to go.

*Owns* templates and styles. *Promises* a page that works without JavaScript, on a phone, in Chinese and English.
*Calls* storefront. *Tells* nobody anything.
"""

from app.pages.routes import router

__all__ = ["router"]
